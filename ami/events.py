"""The event that voxpost acts on, with its fields as typed values."""

from __future__ import annotations

from dataclasses import dataclass

from ami.wire import Event


@dataclass(frozen=True, slots=True)
class MessageWaiting:
    """How many messages a mailbox holds; never which. `new` counts the urgent ones too.

    Source: Asterisk's MessageWaiting event, class call.
    """

    mailbox: str
    context: str
    new: int
    old: int

    @property
    def address(self) -> str:
        """Mailbox and context, as `1001@default`."""
        return f"{self.mailbox}@{self.context}"


def message_waiting(event: Event) -> MessageWaiting | None:
    """Read a MessageWaiting event; None if it names no mailbox."""
    mailbox, _, context = event.get("Mailbox").partition("@")
    if event.name != "MessageWaiting" or not mailbox:
        return None
    return MessageWaiting(
        mailbox=mailbox,
        context=context or "default",
        # MiniVM and external MWI may send no counts: then Waiting says whether there is one.
        new=_count(event.get("New") or event.get("Waiting")),
        old=_count(event.get("Old")),
    )


def _count(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() else 0
