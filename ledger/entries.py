"""What stands in the outbox: an entry a message, and the facts it will be written from."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, ClassVar


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
class VoicemailFacts:
    """A recording that a caller left. Times in seconds since 1970, duration in seconds."""

    KIND: ClassVar[str] = "voicemail"

    mailbox: str
    msg_id: str
    caller_number: str
    caller_name: str
    left_at: int
    duration: int
    waiting: int
    """Messages not yet heard in the mailbox when this one was handed over, itself included."""


@dataclass(frozen=True, slots=True)
class MissedCallFacts:
    """A caller who gave up. Time in seconds since 1970."""

    KIND: ClassVar[str] = "missed-call"

    caller_number: str
    caller_name: str
    called_at: int
    recent: int
    """Calls of this caller that this person missed in the last seven days, this one included."""


Facts = VoicemailFacts | MissedCallFacts
_KINDS: dict[str, type[VoicemailFacts] | type[MissedCallFacts]] = {
    kind.KIND: kind for kind in (VoicemailFacts, MissedCallFacts)
}


def write_facts(facts: Facts) -> str:
    return json.dumps(asdict(facts), ensure_ascii=True)


def read_facts(kind: str, payload: str) -> Facts:
    fields: dict[str, Any] = json.loads(payload)
    return _KINDS[kind](**fields)


@dataclass(frozen=True, slots=True)
class NewEntry:
    """What is handed over."""

    source: str
    """What it came of; the same source is never mailed twice."""
    extension: str
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
