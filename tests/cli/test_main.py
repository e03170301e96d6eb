"""The group of commands."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable

import pytest
from click.testing import Result

from cli.main import COMMANDS
from tests.cli.site_folder import ROOT, voxpost

Run = Callable[..., Result]


def test_the_help_lists_every_command_and_loads_none() -> None:
    said = voxpost("--help").stdout
    assert all(f"  {name} " in said for name in COMMANDS)
    loaded = (
        "import sys, cli.main\n"
        "cli.main.main(['--help'], standalone_mode=False)\n"
        "print([name for name in ('sqlalchemy', 'pydantic', 'av', 'aiohttp', 'jinja2', 'rich')"
        " if name in sys.modules])"
    )
    printed = subprocess.run(
        [sys.executable, "-c", loaded], capture_output=True, text=True, cwd=ROOT, check=True
    )
    assert printed.stdout.splitlines()[-1] == "[]"


def test_the_help_comes_at_once() -> None:
    begun = time.perf_counter()
    assert voxpost("--help").returncode == 0
    print(f"\nvoxpost --help: {(time.perf_counter() - begun) * 1000:.0f} ms")  # noqa: T201


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_explains_itself(run: Run, name: str) -> None:
    result = run(name, "--help")
    assert result.exit_code == 0
    assert "Usage:" in result.output


def test_the_one_line_of_a_command_is_a_sentence() -> None:
    assert all(line.endswith(".") for _, line in COMMANDS.values())


@pytest.mark.parametrize("words", [["nothing"], ["--nothing"], ["check", "--nothing"]])
def test_a_wrong_command_line_exits_2(run: Run, words: list[str]) -> None:
    result = run(*words)
    assert result.exit_code == 2
    assert "No such" in result.stderr


def test_the_version_is_told(run: Run) -> None:
    assert run("--version").output.startswith("voxpost ")


@pytest.mark.parametrize(
    "words", [["check"], ["generate-config", "--diff"], ["doctor"], ["status"], ["outbox", "list"]]
)
def test_a_missing_site_file_exits_3_and_says_how_to_write_one(run: Run, words: list[str]) -> None:
    result = run(*words, "--site", "/nowhere/site.toml")
    assert result.exit_code == 3
    assert "/nowhere/site.toml: does not exist. Write one with `voxpost init`" in result.stderr
    assert not result.stdout
