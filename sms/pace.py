"""How fast a gateway may send: so many a minute."""

from __future__ import annotations

from collections.abc import Callable


class Pace:
    """Hands out places. What was not used for a second is kept, and no more.

    Arguments:
        clock: seconds that only go forward.
    """

    def __init__(self, per_minute: float, clock: Callable[[], float]) -> None:
        self._rate = per_minute / 60.0
        self._most = max(1.0, self._rate)
        self._clock = clock
        self._places = self._most
        self._counted = clock()

    @property
    def places(self) -> int:
        """How many may go now."""
        now = self._clock()
        self._places = min(self._most, self._places + (now - self._counted) * self._rate)
        self._counted = now
        return int(self._places)

    @property
    def wait(self) -> float:
        """Seconds until one may go."""
        return 0.0 if self.places else (1.0 - self._places) / self._rate

    def take(self, count: int) -> None:
        """Use so many places."""
        self._places -= count
