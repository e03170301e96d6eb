"""What delivery counts of itself."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class DeliveryStatistics:
    """What happened since the start, for status and metrics. Times in seconds since 1970."""

    delivered: int = 0
    tried_again: int = 0
    failed: int = 0
    in_flight: int = 0
    seconds: float = 0.0
    """From hand-over to delivery, of all that were delivered together."""
    last_delivered: float | None = None
    last_trouble: str | None = None
    last_trouble_at: float | None = None
    ledger_trouble: str | None = None
    """Why the ledger refused, until it takes something again."""
    configuration_trouble: str | None = None
    """The mail server's words when it is our settings that it does not like."""

    def count_delivered(self, now: float, seconds: float) -> None:
        self.delivered += 1
        self.seconds += seconds
        self.last_delivered = now
        self.configuration_trouble = None

    def note_ledger(self, now: float, trouble: str | None) -> None:
        """The ledger refused, or took something again."""
        self.ledger_trouble = trouble
        if trouble is not None:
            self.note_trouble(now, trouble)

    def note_trouble(self, now: float, words: str) -> None:
        self.last_trouble = words
        self.last_trouble_at = now
