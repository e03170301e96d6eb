"""The documents say what is: generated pages are fresh, examples load, links lead somewhere."""

from __future__ import annotations

import importlib.util
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from cli.exits import Exit
from cli.main import COMMANDS
from pbx.model import Site
from pbx.site import load_site

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
PAGES = sorted([*DOCS.rglob("*.md"), *ROOT.glob("*.md")])
WRITTEN = [page for page in PAGES if page.parent.name != "reference"]

_BLOCK = re.compile(r"^(?P<indent> *)```(?P<kind>\w+)\n(?P<text>.*?)^ *```$", re.DOTALL | re.M)
_LINK = re.compile(r"\]\((?![a-z]+:)(?P<file>[^)#]*)(?:#[^)]*)?\)")
_SMALLEST: dict[str, Any] = {
    "site": {"name": "Klinik Sehat", "domain": "klinik.example"},
    "mail": {"smtp": {"host": "mail.klinik.example"}, "from": "voicemail@klinik.example"},
    "people": [{"extension": "1001", "name": "Sari"}, {"extension": "1002", "name": "Budi"}],
}


def blocks(kind: str) -> Iterator[Any]:
    """Every code block of a kind, named by its page and number."""
    for page in WRITTEN:
        found = [it for it in _BLOCK.finditer(page.read_text("utf-8")) if it["kind"] == kind]
        for number, block in enumerate(found, 1):
            text = re.sub(rf"^{block['indent']}", "", block["text"], flags=re.M)
            yield pytest.param(text, id=f"{page.relative_to(ROOT)}-{number}")


@pytest.fixture(scope="module")
def generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("docs_generate", DOCS / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("page", ["site-file.md", "commands.md"])
def test_a_generated_page_is_up_to_date(generator: ModuleType, page: str) -> None:
    written = (DOCS / "reference" / page).read_text("utf-8")
    assert written == generator.pages()[page], "run `make docs`"


def test_every_key_of_the_site_file_is_in_the_reference_with_its_meaning(
    generator: ModuleType,
) -> None:
    page = generator.site_file_page()
    rows = [line for line in page.splitlines() if line.startswith("| `")]
    assert len(rows) > 80
    assert [row for row in rows if row.endswith("|  |")] == []
    assert {
        f"`[{name}]`" for name in Site.model_fields if name not in {"people", "people_file"}
    } <= {line.removeprefix("## ") for line in page.splitlines()}


def test_a_port_that_may_be_switched_off_is_not_told_as_false_alone(generator: ModuleType) -> None:
    assert "| `udp_port` | number, or `false` | `5060` |" in generator.site_file_page()


@pytest.mark.parametrize("text", list(blocks("toml")))
def test_an_example_of_the_site_file_loads(text: str, tmp_path: Path) -> None:
    """One with `[site]` loads as it is; a part loads when what it leaves out is added."""
    file = tmp_path / "site.toml"
    file.write_text(text)
    given = tomllib.loads(text)
    if "site" in given:
        load_site(file)
    else:
        Site.model_validate({**_SMALLEST, **given}, context={"base": tmp_path})


def test_the_example_of_a_people_file_loads(tmp_path: Path) -> None:
    (block,) = (
        param.values[0] for param in blocks("text") if param.values[0].startswith("extension,name")
    )
    (tmp_path / "people.csv").write_text(block)
    (tmp_path / "site.toml").write_text(
        'people_file = "people.csv"\n[site]\nname = "K"\ndomain = "klinik.example"\n'
        '[mail]\nsmtp = { host = "mail.klinik.example" }\nfrom = "v@klinik.example"\n'
    )
    assert len(load_site(tmp_path / "site.toml").people) == 2


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_a_link_leads_to_a_file_of_the_repository(page: Path) -> None:
    links = [match["file"] for match in _LINK.finditer(page.read_text("utf-8"))]
    lost = [link for link in links if link and not (page.parent / link).exists()]
    assert lost == []


@pytest.mark.parametrize("page", WRITTEN, ids=lambda page: str(page.relative_to(ROOT)))
def test_a_command_that_is_shown_exists(page: Path) -> None:
    shown = re.findall(r"^[#$] (?:sudo -u voxpost )?voxpost ([a-z][a-z-]*)", page.read_text(), re.M)
    assert set(shown) <= set(COMMANDS)


def test_every_metric_is_in_the_table_and_no_other() -> None:
    source = "".join((ROOT / "cli" / f"{it}.py").read_text() for it in ("metrics", "sms_metrics"))
    made = set(re.findall(r'_(?:gauge|counter)\("([a-z_]+)"', source))
    made |= set(re.findall(r'"voxpost_([a-z_]+)"', source))
    page = (DOCS / "operations.md").read_text()
    told = {
        name.removesuffix("_total") for name in re.findall(r"^\| `voxpost_([a-z_]+)", page, re.M)
    }
    assert told == made


@pytest.mark.parametrize("page", ["operations.md", "reference/commands.md"])
def test_every_exit_code_is_told(page: str) -> None:
    told = re.findall(r"^\| ([0-9]) \|", (DOCS / page).read_text(), re.M)
    assert {int(code) for code in told} == {*map(int, Exit), 2}


def test_nothing_is_fetched_when_the_pages_are_read() -> None:
    settings = (ROOT / "mkdocs.yml").read_text()
    assert "font: false" in settings
    assert not re.search(r"^\s*(extra_javascript|extra_css|repo_url)", settings, re.M)
    assert not re.search(r"https?://", settings)
