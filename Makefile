# The two commands of a newcomer: `make demo` and `make test`.
# Everything goes into .venv/ and .lab/ of this checkout.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check

.PHONY: demo test bench study soak kills texts fuzz lint format docs clean

demo: $(VENV)/.demo-ready
	@$(BIN)/voxpost demo $(if $(KEEP),--keep)

# Two at a time: most of a test is waiting for a server. A file's tests stay together.
test: $(VENV)/.test-ready
	@$(BIN)/python -m lab.prepare --tests
	@$(BIN)/python -m pytest --numprocesses 2 --dist loadfile $(PYTEST)

# Each measures against its peers on this machine, which should have nothing else to do.
bench: $(VENV)/.test-ready
	@$(BIN)/python -m lab.prepare --tests
	@$(BIN)/python -m bench $(BENCH)

study: $(VENV)/.test-ready
	@$(BIN)/python -m lab.prepare --tests
	@$(BIN)/python -m bench.study $(STUDY)

# Long runs; see docs/endurance.md.
soak: $(VENV)/.test-ready
	@$(BIN)/python -m lab.prepare --tests
	@$(BIN)/python -m endurance.soak --minutes 60 $(SOAK)

kills: $(VENV)/.test-ready
	@$(BIN)/python -m lab.prepare --tests
	@$(BIN)/python -m endurance.kills --kills 1000 --voicemails 2000 $(KILLS)

texts: $(VENV)/.test-ready
	@$(BIN)/python -m lab.prepare --tests
	@$(BIN)/python -m endurance.texts $(TEXTS)

fuzz: $(VENV)/.fuzz-ready
	@$(BIN)/python -m endurance.fuzz --all --seconds 600 $(FUZZ)

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
$(eval $(call install,fuzz,fuzz))
$(eval $(call install,lint,lint))
$(eval $(call install,docs,docs))
