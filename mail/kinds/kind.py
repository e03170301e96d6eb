"""What a kind of e-mail is: a module of this folder that has these two functions."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Protocol

from ledger.entries import Entry
from mail.letters import Letter, Letterhead, Reader
from mail.spool import Spool
from pbx.model import Site
from pbx.people import Person

SAMPLE_TIME = 1_767_268_800
"""When samples happened: noon of the first day of 2026, UTC."""


@dataclass(frozen=True, slots=True)
class Occasion:
    """What a letter is written for, and with what.

    Arguments:
        person: whose it is; None where it goes to an address alone.
        limit: bytes that the server takes; None while that is unknown.
    """

    entry: Entry
    reader: Reader
    person: Person | None
    site: Site
    head: Letterhead
    spool: Spool
    limit: int | None


@dataclass(frozen=True, slots=True)
class Version:
    """A letter, and what is unusual about it. The other fields are those of Written."""

    letter: Letter
    note: str | None = None
    smallest: bool = True
    whole: bool = True


class Kind(Protocol):
    """A kind of e-mail. Its name is its facts' KIND; its templates lie in mail/texts/."""

    def versions(self, facts: Any, occasion: Occasion) -> Iterable[Version]:
        """Its versions, ever smaller and at least one: the first that the server takes is sent,
        the last one whatever it takes. Blocking; called in a thread.
        """
        ...

    def samples(self, reader: Reader, head: Letterhead) -> Iterable[Letter]:
        """Letters that need every line of its templates, to see whether these can be used."""
        ...
