"""Exit codes that mean something, and how an error becomes a sentence on stderr."""

from __future__ import annotations

import functools
from collections.abc import Callable
from enum import IntEnum
from typing import NoReturn, ParamSpec, TypeVar

import click

from ami.errors import AmiError
from dialplan_templates.errors import ConfigError
from lab.errors import LabError
from ledger.errors import LedgerError
from mail.errors import MailError
from pbx.errors import PbxError

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


_CODES: tuple[tuple[type[Exception], Exit], ...] = (
    (PbxError, Exit.SITE),
    (AmiError, Exit.ASTERISK),
    (ConfigError, Exit.FAILED),
    (LedgerError, Exit.LEDGER),
    (MailError, Exit.FAILED),
    (LabError, Exit.FAILED),
)


def fail(message: str, code: Exit = Exit.FAILED) -> NoReturn:
    """End with a sentence on stderr."""
    click.echo(message, err=True)
    raise click.exceptions.Exit(code)


def says_errors(command: Callable[P, R]) -> Callable[P, R]:
    """Turn the errors of every folder into a sentence and an exit code, never a traceback."""

    @functools.wraps(command)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return command(*args, **kwargs)
        except tuple(kind for kind, _ in _CODES) as error:
            code = next(code for kind, code in _CODES if isinstance(error, kind))
            fail(str(error), code)

    return wrapped
