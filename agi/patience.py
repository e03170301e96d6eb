"""One timer for all peers that have not said yet who they are."""

from __future__ import annotations

import asyncio
from typing import Protocol


class Peer(Protocol):
    """Whose header is awaited."""

    def is_late(self, seconds: float) -> None:
        """The time is over."""
        ...


class Patience:
    """Tells each peer that is not forgotten in time that it is late.

    A timer of its own for each connection would cost more than the reading of its header.

    seconds: that each peer has.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._due: dict[Peer, float] = {}  # the oldest first, as all have the same time
        self._timer: asyncio.TimerHandle | None = None

    def wait_for(self, peer: Peer) -> None:
        """Begin to wait."""
        loop = asyncio.get_running_loop()
        self._due[peer] = loop.time() + self._seconds
        if self._timer is None:
            self._timer = loop.call_later(self._seconds, self._look)

    def forget(self, peer: Peer) -> None:
        """It came in time, or is gone."""
        self._due.pop(peer, None)

    def end(self) -> None:
        """Wait for nobody any more."""
        self._due.clear()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _look(self) -> None:
        loop = asyncio.get_running_loop()
        now = loop.time()
        self._timer = None
        while self._due:
            peer, due = next(iter(self._due.items()))
            if due > now:
                self._timer = loop.call_at(due, self._look)
                return
            del self._due[peer]
            peer.is_late(self._seconds)
