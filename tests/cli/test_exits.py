"""Each error of each folder: a sentence on stderr, and an exit code that means something."""

from __future__ import annotations

import errno

import click
import pytest
from click.testing import CliRunner

from ami.errors import LoginRefused, NotConnected
from cli.exits import Exit, says_errors
from cli.findings import bad, print_finding
from dialplan_templates.errors import ApplyRefused, CannotWrite, UnsafeValue
from lab.errors import LabError
from ledger.errors import LedgerInUse, LedgerUnusable, NoSuchEntry
from mail.errors import MailError
from pbx.errors import PbxError
from pbx.secret import SecretUnusable


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (PbxError("words"), 3),
        (SecretUnusable("words"), 3),
        (UnsafeValue("people.1001", "words"), 3),
        (NotConnected("words"), 4),
        (LoginRefused("host:1", "voxpost", "words"), 4),
        (ApplyRefused(["words"]), 4),
        (CannotWrite("words"), 1),
        (LedgerUnusable("words"), 5),
        (LedgerInUse("words"), 5),
        (NoSuchEntry("words"), 1),
        (MailError("words"), 1),
        (LabError("words"), 1),
        (OSError("words"), 1),
        (ExceptionGroup("tasks", [ExceptionGroup("more", [LedgerUnusable("words")])]), 5),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_an_error_is_a_sentence_and_a_code(error: Exception, code: int) -> None:
    @click.command()
    @says_errors
    def command() -> None:
        raise error

    result = CliRunner().invoke(command)
    assert result.exit_code == code
    assert "words" in result.stderr
    assert "Traceback" not in result.stderr
    assert not result.stdout


def test_an_error_of_the_system_names_the_file() -> None:
    @click.command()
    @says_errors
    def command() -> None:
        raise PermissionError(errno.EACCES, "Permission denied", "/srv/x")

    assert CliRunner().invoke(command).stderr == "/srv/x: Permission denied\n"


def test_a_fault_of_ours_is_not_hidden() -> None:
    @click.command()
    @says_errors
    def command() -> None:
        raise ZeroDivisionError

    assert isinstance(CliRunner().invoke(command).exception, ZeroDivisionError)


def test_a_reader_who_went_away_is_no_error() -> None:
    @click.command()
    @says_errors
    def command() -> None:
        raise BrokenPipeError(errno.EPIPE, "Broken pipe")

    result = CliRunner().invoke(command)
    assert (result.exit_code, result.stderr) == (1, "")


def test_the_codes_are_what_the_documents_say() -> None:
    assert {code.name: int(code) for code in Exit} == {
        "OK": 0,
        "FAILED": 1,
        "SITE": 3,
        "ASTERISK": 4,
        "LEDGER": 5,
    }


def test_what_a_server_says_gives_the_terminal_no_orders() -> None:
    @click.command()
    @says_errors
    def command() -> None:
        raise MailError("no: \x1b]0;owned\x07\x1b[2J\nand more \x9b31m")

    said = CliRunner().invoke(command, color=True).stderr
    assert said == "no: \ufffd]0;owned\ufffd\ufffd[2J\nand more \ufffd31m\n"


def test_a_finding_gives_the_terminal_no_orders() -> None:
    @click.command()
    def command() -> None:
        print_finding(bad("gateway x", "says \x1b]0;owned\x07", "Do \x1b[2J"))

    said = CliRunner().invoke(command).stdout
    assert "\x1b" not in said
    assert "\x07" not in said
