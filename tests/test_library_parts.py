"""Parts of our libraries that are wrong in ways no override mends: nothing of ours uses them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FOLDERS = ("agi", "ami", "cli", "dialplan_templates", "lab", "ledger", "mail", "pbx")


def imported() -> Iterator[tuple[Path, str]]:
    """Every name that product code imports, dotted."""
    for folder in FOLDERS:
        for file in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text("utf-8"))):
                if isinstance(node, ast.Import):
                    yield from ((file, name.name) for name in node.names)
                elif isinstance(node, ast.ImportFrom):
                    yield from ((file, f"{node.module}.{name.name}") for name in node.names)


@pytest.mark.parametrize(
    ("part", "why"),
    [
        ("panoramisk.call_manager", "merges different calls of one second and never forgets"),
        ("panoramisk.CallManager", "merges different calls of one second and never forgets"),
        ("panoramisk.fast_agi", "a port probe freezes the whole loop"),
        ("asterisk.manager", "loses replies between threads"),
        ("asterisk.fastagi", "does not import on Python 3"),
    ],
)
def test_a_part_that_cannot_be_mended_is_not_used(part: str, why: str) -> None:
    users = [file for file, name in imported() if f"{name}.".startswith(f"{part}.")]
    assert not users, f"{part} {why}"


def test_each_library_is_used_in_the_folder_that_mends_it_alone() -> None:
    homes = {"panoramisk": {"ami"}, "asterisk": {"agi"}, "aiosmtplib": {"mail"}}
    for library, folders in homes.items():
        found = {
            file.relative_to(ROOT).parts[0]
            for file, name in imported()
            if name.partition(".")[0] == library
        }
        assert found == folders
