"""Texts in the ledger: what they are, and where they stand. Times in seconds since 1970."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class TextState(StrEnum):
    """Where a text stands."""

    RECEIVED = "received"
    """It came in."""
    HELD = "held"
    """Part of a broadcast; not its turn yet."""
    WAITING = "waiting"
    """To be sent: now, or later."""
    SENDING = "sending"
    """Being handed to its gateway. Found so after a crash, it becomes unknown."""
    SENT = "sent"
    """The gateway took all of it."""
    DELIVERED = "delivered"
    """It is on the telephone, as the network says."""
    FAILED = "failed"
    """It was not sent, or the network gave it up; see the words."""
    UNKNOWN = "unknown"
    """It may have been sent. A person decides; it is not sent again by itself."""
    DROPPED = "dropped"
    """Given up by hand, or its broadcast was stopped."""
    STOPPED = "stopped"
    """Its number is on the stop list."""


UNSETTLED = (TextState.HELD, TextState.WAITING, TextState.SENDING)
NOT_SENT = (TextState.FAILED, TextState.DROPPED, TextState.STOPPED)


class Origin(StrEnum):
    """Who asked for a text."""

    GATEWAY = "gateway"
    """It came in."""
    MAIL = "mail"
    DIALPLAN = "dialplan"
    COMMAND = "command"
    API = "api"
    KEYWORD = "keyword"
    BROADCAST = "broadcast"


@dataclass(frozen=True, slots=True)
class NewText:
    """A text to be sent.

    Arguments:
        source: what it came of; the same source is never sent twice.
        number: E.164.
        gateway: which one is to carry it.
        extension: of the person who asked; empty for nobody's.
        account: the program that asked, or the like; its caps are counted by it.
        author: mail account that is told when it fails; empty for none.
        message_id: of the e-mail that it came of.
        due: not before.
        parts: what the network will count.
        pieces: what the gateway will be given.
        price: of all parts.
        broadcast: its number, where it is part of one.
    """

    source: str
    origin: Origin
    number: str
    own_number: str | None
    gateway: str
    extension: str
    account: str
    author: str
    body: str
    message_id: str | None
    due: float
    parts: int
    pieces: int
    price: float
    broadcast: int | None = None


@dataclass(frozen=True, slots=True)
class Text:
    """A text as it stands, in or out."""

    id: int
    source: str
    origin: Origin
    number: str
    own_number: str | None
    gateway: str
    extension: str
    account: str
    author: str
    body: str
    message_id: str | None
    created: float
    state: TextState
    due: float
    parts: int
    pieces: int
    price: float
    attempts: int
    words: str | None
    settled: float | None
    broadcast: int | None

    @property
    def came_in(self) -> bool:
        return self.origin is Origin.GATEWAY


class PieceState(StrEnum):
    """Where a piece stands."""

    SENDING = "sending"
    SENT = "sent"
    DELIVERED = "delivered"
    FAILED = "failed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class PieceRecord:
    """A piece that was begun with. at: its place in the text, from 0."""

    text: int
    at: int
    gateway: str
    state: PieceState
    reference: str | None
    words: str | None
    moved: float


@dataclass(frozen=True, slots=True)
class Claim:
    """A text to be sent now. at: the first piece that was not sent yet."""

    text: Text
    at: int


@dataclass(frozen=True, slots=True)
class Usage:
    """Parts that count against the day's caps, broadcasts not among them.

    person, account: of the one who asks.
    """

    person: int
    account: int
    site: int
