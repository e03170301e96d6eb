"""What a gateway is: one Protocol, and the values that go in and out. Errors are values."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal, Protocol, TypeAlias

from sms.piece import Piece


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A piece to send.

    Arguments:
        key: ours, unique for ever: "815-2" is the second piece of text 815. Gateways that take a
            name of ours give it to `Inbox.reported` as the reference.
        number: E.164, "+628123456789".
        own_number: what it shall come from, or None for the gateway's own.
        piece: what it says.
    """

    key: str
    number: str
    own_number: str | None
    piece: Piece


@dataclass(frozen=True, slots=True)
class Sent:
    """The gateway took it. reference: what its report will name; None: there will be none."""

    reference: str | None = None
    words: str = ""


@dataclass(frozen=True, slots=True)
class NotNow:
    """It has certainly not gone out, and may be sent later or by another gateway.

    gateway_down: the trouble is the gateway's, so that others of its texts need not be tried.
    """

    words: str
    gateway_down: bool = False


@dataclass(frozen=True, slots=True)
class Refused:
    """It has certainly not gone out, and this gateway never takes it. elsewhere: another may."""

    words: str
    elsewhere: bool = False


@dataclass(frozen=True, slots=True)
class Unknown:
    """It may have gone out: a person decides; nobody sends it again by himself."""

    words: str


Fate: TypeAlias = Sent | NotNow | Refused | Unknown


@dataclass(frozen=True, slots=True)
class Concat:
    """What a part of a long text says of the whole (3GPP TS 23.040, 9.2.3.24.1 and .8)."""

    reference: int
    total: int
    number: int
    """From 1."""


@dataclass(frozen=True, slots=True)
class Incoming:
    """A text, or a part of one, that came in.

    Arguments:
        key: the same when the gateway brings it again, and never for another one; the inbox takes
            each key of a gateway once.
        raw: all that came, as it came: PDU in hex, query string. Kept for ever.
        sender: as it came: "+628123456789", "08123456789", "TELKOMSEL".
        own_number: the number that it came to, where the gateway says so.
        sent_at: seconds since 1970, as the network or the gateway stamped it.
        body: what it says; None where it could not be read, and then `trouble` says why.
        concat: where it is part of a longer text.
    """

    key: str
    raw: str
    sender: str
    own_number: str | None
    sent_at: float
    body: str | None
    concat: Concat | None = None
    trouble: str | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """What became of a piece that was sent.

    Arguments:
        reference: of `Sent`, or `Outgoing.key`.
        state: for good, or "buffered" while it is still on its way.
        words: the gateway's own.
        number: who it was for, where references come again (a modem's go from 0 to 255).
    """

    reference: str
    state: Literal["delivered", "failed", "buffered"]
    words: str = ""
    number: str | None = None


class Inbox(Protocol):
    """Where a gateway brings what came in. Durable once these return."""

    async def received(self, text: Incoming) -> None:
        """Take a text in. Only then may the gateway delete or acknowledge it.

        Raises:
            LedgerError: it was not taken; bring it again later.
        """
        ...

    async def reported(self, report: Report) -> None:
        """Take a report in.

        Raises:
            LedgerError: it was not taken; bring it again later.
        """
        ...


class GatewayState(StrEnum):
    STARTING = "starting"
    UP = "up"
    DOWN = "down"


@dataclass(frozen=True, slots=True)
class Health:
    """How a gateway is. since: seconds since 1970. facts: of its kind (signal, operator, ...)."""

    state: GatewayState
    words: str
    since: float
    facts: Mapping[str, str | int | float] = field(default_factory=dict)


Answer = tuple[int, str]
"""HTTP status, and a body in plain text."""


@dataclass(frozen=True, slots=True)
class Callback:
    """An address of ours that a gateway's server calls.

    Arguments:
        path: "report"; it is served as /gateways/NAME/SECRET/report, for GET and POST.
        handle: called with the query's and the form's fields, as `sms.gateways.http.fields_of`
            reads them: octets that are no UTF-8 stand in them as surrogates.
        query: what an administrator writes behind the address, in the words of that server;
            empty where the gateway gives the address to its server by itself.
    """

    path: str
    handle: Callable[[Mapping[str, str]], Awaitable[Answer]]
    query: str = ""


class Gateway(Protocol):
    """One way to carry texts. Made anew whenever its section of the site file changes."""

    @property
    def name(self) -> str: ...

    @property
    def window(self) -> int:
        """How many sends may be under way at once."""
        ...

    def pieces(self, body: str, reference: int) -> Sequence[Piece]:
        """Split a text as this gateway carries it. Pure: the same arguments, the same pieces.

        reference: 0 to 255, for the parts of a long text.
        """
        ...

    def callbacks(self) -> Sequence[Callback]:
        """The addresses that its server calls; none for most kinds."""
        ...

    async def run(self, inbox: Inbox) -> None:
        """Stay connected and bring in what comes, until cancelled.

        Troubles are no exceptions: they show in `health`, and it connects again with growing
        delays. An exception out of here is a fault of the program.
        """
        ...

    async def send(self, outgoing: Outgoing) -> Fate:
        """Send one piece; called only while `run` runs, by at most `window` tasks at once.

        It answers within a minute whatever happens. Where it is cancelled, the piece's fate is
        unknown.
        """
        ...

    def health(self) -> Health: ...
