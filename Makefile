# The two commands of a newcomer: `make demo` and `make test`.
# Everything goes into .venv/ and .lab/ of this checkout.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check

.PHONY: demo test lint format docs clean

demo: $(VENV)/.demo-ready
	@$(BIN)/voxpost demo $(if $(KEEP),--keep)

test: $(VENV)/.test-ready
	@$(BIN)/python -m lab.prepare --tests
	@$(BIN)/python -m pytest $(PYTEST)

lint: $(VENV)/.lint-ready
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

format: $(VENV)/.lint-ready
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

docs: $(VENV)/.docs-ready
	$(BIN)/python docs/generate.py
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet

clean:
	rm -rf $(VENV) .lab site

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "voxpost needs Python 3.11 or newer: make PYTHON=/path/to/python3.11"; exit 1; }
	@$(PYTHON) -m venv $(VENV) \
		|| { echo "Python's venv is missing: apt-get install python3-venv"; exit 1; }

define install
$(VENV)/.$(1)-ready: pyproject.toml packaging/constraints.txt | $(VENV)/bin/python
	@echo "Installing voxpost and what '$(1)' needs into $(VENV)"
	@$$(PIP) install --constraint packaging/constraints.txt --editable '.[$(2)]'
	@touch $$@
endef
$(eval $(call install,demo,lab))
$(eval $(call install,test,test))
$(eval $(call install,lint,lint))
$(eval $(call install,docs,docs))
