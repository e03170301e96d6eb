"""Exit codes that mean something, and how an error becomes a sentence on stderr."""

from __future__ import annotations

import functools
from collections.abc import Callable
from enum import IntEnum
from typing import NoReturn, ParamSpec, TypeVar

import click

from ami.errors import AmiError
from cli.plain import plain
from dialplan_templates.errors import ApplyRefused, ConfigError, UnsafeValue
from lab.errors import LabError
from ledger.errors import BroadcastRefused, LedgerError, NoSuchEntry
from mail.errors import MailError
from pbx.errors import PbxError
from sms.errors import SmsError

P = ParamSpec("P")
R = TypeVar("R")


class Exit(IntEnum):
    """What `voxpost` returns. 2 is click's: the command line itself is wrong."""

    OK = 0
    FAILED = 1
    """What was asked for did not work, or what was checked is not well."""
    SITE = 3
    """The site file, or a secret that it names, cannot be used."""
    ASTERISK = 4
    """Asterisk cannot be reached, refused the login, or refused the configuration."""
    LEDGER = 5
    """The ledger cannot be used, or another voxpost uses it."""


# The first that fits.
_CODES: tuple[tuple[type[Exception], Exit], ...] = (
    (PbxError, Exit.SITE),
    (UnsafeValue, Exit.SITE),
    (AmiError, Exit.ASTERISK),
    (ApplyRefused, Exit.ASTERISK),
    (ConfigError, Exit.FAILED),
    (NoSuchEntry, Exit.FAILED),
    (BroadcastRefused, Exit.FAILED),
    (LedgerError, Exit.LEDGER),
    (MailError, Exit.FAILED),
    (SmsError, Exit.FAILED),
    (LabError, Exit.FAILED),
    (OSError, Exit.FAILED),
)


def fail(message: str, code: Exit = Exit.FAILED) -> NoReturn:
    """End with a sentence on stderr."""
    # What a server said may stand in it.
    click.echo("\n".join(map(plain, message.split("\n"))), err=True)
    raise click.exceptions.Exit(code)


def says_errors(command: Callable[P, R]) -> Callable[P, R]:
    """Turn the errors of every folder into a sentence and an exit code, never a traceback."""

    @functools.wraps(command)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return command(*args, **kwargs)
        except BrokenPipeError:
            raise  # whoever read our answer has gone: click ends quietly
        except Exception as error:
            _end(error)
            raise

    return wrapped


def _end(error: Exception) -> None:
    """End with the error's sentence and code; returns if it is a fault of ours."""
    cause = only_cause(error)
    for kind, code in _CODES:
        if isinstance(cause, kind):
            fail(in_words(cause), code)


def only_cause(error: BaseException) -> BaseException:
    """What went wrong, out of the groups that a TaskGroup wraps it in; the first of several."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


def in_words(error: BaseException) -> str:
    """The error as a sentence; an operating system's with the file it is about."""
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    return str(error)
