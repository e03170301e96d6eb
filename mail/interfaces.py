"""What delivery needs of others: a writer of letters, and a way to the mail servers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from ledger.entries import Entry
from mail.message import Message
from mail.outcome import Outcome


@dataclass(frozen=True, slots=True)
class Written:
    """A message ready to go, and what is unusual about it ("audio left out: ...")."""

    message: Message
    note: str | None = None
    smallest: bool = False
    """Whether no smaller version of it can be written."""
    whole: bool = True
    """Whether it has all that there was; else the recording must stay on the telephone."""


class LetterWriter(Protocol):
    """Writes an entry's message. Blocking; called in a thread."""

    def write(self, entry: Entry, limit: int | None) -> Written:
        """The message, in at most `limit` bytes where that can be done.

        Raises:
            MailError: it cannot be written at all, with the reason.
        """
        ...


class Route(Protocol):
    """The way to the mail servers; one task's own."""

    @property
    def max_size(self) -> int | None: ...

    async def send(self, message: Message, following: Message | None = None) -> Outcome: ...

    async def close(self) -> None: ...
