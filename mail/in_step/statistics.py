"""What read is heard counts of itself."""

from __future__ import annotations

from dataclasses import dataclass, field

from mail.in_step.merge import Action


@dataclass(slots=True)
class InStepStatistics:
    """What happened since the start, for status and metrics. Times in seconds since 1970."""

    people: int = 0
    """People who asked for it."""
    connections: int = 0
    """Connections to the IMAP server now."""
    visits: int = 0
    last_visit: float | None = None
    actions: dict[str, int] = field(default_factory=lambda: {it.name.lower(): 0 for it in Action})
    """What was done, by what."""
    conflicts: int = 0
    """Pairs where nothing was deleted because the other side had changed."""
    resting: int = 0
    """People whose log-in was refused."""
    last_trouble: str | None = None
    last_trouble_at: float | None = None

    def note_trouble(self, now: float, words: str) -> None:
        self.last_trouble = words
        self.last_trouble_at = now
