"""How long a gateway waits before it makes its link to a server anew."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from pbx.backoff import Backoff

Bounds: TypeAlias = tuple[float, float]
"""Seconds between two tries, the first and the longest; each is twice the one before."""

_LASTED = 60.0  # seconds; a link that ends sooner is a try that failed


class Tries:
    """Lets the pauses grow while one try after the other ends alike.

    Arguments:
        clock: seconds that only go forward.
        chance: from 0 to 1, so that tries do not march in step.
    """

    def __init__(self, clock: Callable[[], float], chance: Callable[[], float]) -> None:
        self._clock = clock
        self._chance = chance
        self._began = clock()
        self._bounds: Bounds | None = None
        self._backoff = Backoff(0.0, 0.0, chance)

    def begin(self) -> None:
        """A try begins."""
        self._began = self._clock()

    def pause(self, bounds: Bounds) -> float:
        """Seconds until the next one, now that the link of this one has ended, or never was.

        Another trouble, which has other bounds, begins with the first pause, and so does one
        after a link that lasted.
        """
        if bounds != self._bounds or self._clock() - self._began > _LASTED:
            self._bounds, self._backoff = bounds, Backoff(*bounds, self._chance)
        return self._backoff.next_delay()
