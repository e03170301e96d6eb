from __future__ import annotations

import pytest

from ami.events import MessageWaiting, message_waiting
from ami.wire import Event, parse_packet


def event(*lines: str) -> Event:
    packet = parse_packet("\r\n".join(lines).encode())
    assert isinstance(packet, Event)
    return packet


def test_message_waiting_after_a_call() -> None:
    news = message_waiting(
        event("Event: MessageWaiting", "Mailbox: 6001@default", "Waiting: 1", "New: 2", "Old: 3")
    )
    assert news == MessageWaiting("6001", "default", 2, 3)
    assert news.address == "6001@default"


@pytest.mark.parametrize(
    ("lines", "new"),
    [(["Waiting: 1"], 1), (["Waiting: 0"], 0), (["New: x"], 0), (["New: ²"], 0)],
)
def test_counts_that_are_missing_or_odd(lines: list[str], new: int) -> None:
    news = message_waiting(event("Event: MessageWaiting", "Mailbox: 6001", *lines))
    assert news == MessageWaiting("6001", "default", new, 0)


def test_another_event_is_not_message_waiting() -> None:
    assert message_waiting(event("Event: Hangup", "Mailbox: 6001@default")) is None
    assert message_waiting(event("Event: MessageWaiting")) is None
