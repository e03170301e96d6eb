"""Where conversations belong, and what they may take there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from mail.intake.handler import Answer
from mail.intake.room import Room

if TYPE_CHECKING:
    from mail.intake.conversation import Conversation


@dataclass(frozen=True, slots=True)
class Limits:
    """What mail servers may take of us: seconds, bytes, and how many."""

    read_seconds: float = 300.0  # RFC 5321, 4.5.3.2.7
    command_seconds: float = 600.0  # a whole command, a message with all its bytes too
    handler_seconds: float = 120.0
    stop_seconds: float = 10.0
    sessions: int = 50
    recipients: int = 100  # RFC 5321, 4.5.3.1.8
    memory: int = 32_000_000


class House(Protocol):
    """Where the conversations belong: the listener."""

    lmtp: bool
    host_name: str
    limits: Limits
    room: Room

    async def joined(self, conversation: Conversation) -> Answer | None:
        """A peer has connected; an answer sends it away."""
        ...

    def left(self, conversation: Conversation) -> None:
        """A conversation is over."""
        ...

    async def recipient(self, address: str) -> Answer: ...

    async def deliver(self, content: bytes, sender: str, recipients: Sequence[str]) -> list[Answer]:
        """One answer for each recipient, whatever becomes of the conversation meanwhile."""
        ...
