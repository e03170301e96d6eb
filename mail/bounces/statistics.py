"""What the watcher of bounces counts of itself."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class BounceStatistics:
    """What happened since the start, for status and metrics."""

    connected: bool = False
    bounced: int = 0
    """Messages of ours that came back."""
    delayed: int = 0
    """Notices that one of ours is late; nothing to do."""
    trouble: str | None = None
    """Why bounces are not seen now."""
