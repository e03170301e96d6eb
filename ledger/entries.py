"""What stands in the outbox: an entry a message, and the facts it will be written from."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from ledger.facts import Facts


class State(StrEnum):
    """Where an entry stands."""

    WAITING = "waiting"
    """To be delivered: now, later, or being delivered."""
    DELIVERED = "delivered"
    """The mail server took it."""
    BOUNCED = "bounced"
    """The mail server took it, and sent it back later."""
    FAILED = "failed"
    """Set aside: the server refused it for good, or it was tried for days."""
    DROPPED = "dropped"
    """Given up by the administrator."""
    SKIPPED = "skipped"
    """Was on the telephone before voxpost came; never mailed unless asked for."""


@dataclass(frozen=True, slots=True)
class NewEntry:
    """What is handed over."""

    source: str
    """What it came of; the same source is never mailed twice."""
    extension: str
    """The reader's; empty: `recipient` reads it, in the site's language and zone."""
    recipient: str
    message_id: str
    facts: Facts
    audio: str | None = None
    """Name of the recording in voxpost's own spool."""
    aftercare: str | None = None
    state: State = State.WAITING


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry as it stands. Times in seconds since 1970."""

    id: int
    source: str
    extension: str
    recipient: str
    message_id: str
    facts: Facts
    audio: str | None
    created: float
    state: State
    attempts: int
    due: float
    leased_by: str | None
    last_error: str | None
    settled: float | None
    aftercare: str | None

    @property
    def kind(self) -> str:
        return self.facts.KIND


@dataclass(frozen=True, slots=True)
class End:
    """How one attempt ended.

    Arguments:
        state: DELIVERED, FAILED, or WAITING to be tried again.
        words: the server's, or what was unusual.
        due: when it is tried again, seconds since 1970.
        audio: the recording in voxpost's spool that is still needed.
        aftercare: what the mailbox still asks for.
    """

    entry_id: int
    state: State
    words: str | None = None
    due: float = 0.0
    audio: str | None = None
    aftercare: str | None = None
