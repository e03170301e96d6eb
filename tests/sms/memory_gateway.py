"""A gateway in memory that does what a test tells it to."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from sms.gateway import (
    Callback,
    Fate,
    GatewayState,
    Health,
    Inbox,
    Incoming,
    Outgoing,
    Report,
    Sent,
)
from sms.piece import Piece
from sms.splitting import segments


@dataclass
class MemoryGateway:
    """Satisfies sms.gateway.Gateway.

    Arguments:
        fates: what the next sends come to; then everything is sent.
        held: while it is not set, sends do not end.
    """

    name: str
    window: int = 4
    fates: deque[Fate] = field(default_factory=deque)
    sent: list[Outgoing] = field(default_factory=list)
    up: bool = True
    since: float = 0.0
    held: asyncio.Event = field(default_factory=asyncio.Event)
    begun: asyncio.Event = field(default_factory=asyncio.Event)
    inbox: Inbox | None = None
    runs: int = 0

    def __post_init__(self) -> None:
        self.held.set()

    def pieces(self, body: str, reference: int) -> Sequence[Piece]:
        return segments(body, reference)

    def callbacks(self) -> Sequence[Callback]:
        return ()

    async def run(self, inbox: Inbox) -> None:
        self.inbox = inbox
        self.runs += 1
        await asyncio.Event().wait()

    async def send(self, outgoing: Outgoing) -> Fate:
        self.begun.set()
        await self.held.wait()
        fate = self.fates.popleft() if self.fates else Sent(f"{self.name}/{outgoing.key}")
        if isinstance(fate, Sent):
            self.sent.append(outgoing)
        return fate

    def health(self) -> Health:
        state = GatewayState.UP if self.up else GatewayState.DOWN
        return Health(state, "" if self.up else "unplugged", self.since)

    async def brings(self, text: Incoming) -> None:
        """Bring a text in."""
        assert self.inbox is not None, "the gateway does not run"
        await self.inbox.received(text)

    async def reports(self, report: Report) -> None:
        assert self.inbox is not None, "the gateway does not run"
        await self.inbox.reported(report)
