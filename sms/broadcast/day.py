"""The day's cap of all broadcasts together."""

from __future__ import annotations

from ledger.broadcast_steps import BroadcastSteps

_COUNT_AGAIN = 60.0  # seconds; what was refused or stopped meanwhile does not count


class DayCap:
    """Counts the parts of the site's day: as the ledger has them, and what was added since."""

    def __init__(self, steps: BroadcastSteps) -> None:
        self._steps = steps
        self._day: float | None = None
        self._counted = 0.0
        self._used = 0
        self._needed = 1

    async def left(self, cap: int, day: float, now: float) -> int:
        """How many parts may still be released; 0 where they do not suffice for the next text.

        Arguments:
            day: when the site's day began. now: both in seconds since 1970.
        """
        if day != self._day:
            self._day, self._needed = day, 1
            await self._count(now)
        elif self._short(cap) and not 0 <= now - self._counted < _COUNT_AGAIN:
            await self._count(now)
        return 0 if self._short(cap) else cap - self._used

    def add(self, parts: int) -> None:
        """These were released."""
        self._used += parts

    def is_short(self, left: int) -> None:
        """What is left does not suffice for the next text."""
        self._needed = left + 1

    async def _count(self, now: float) -> None:
        assert self._day is not None
        self._used = await self._steps.released_since(self._day)
        self._counted = now

    def _short(self, cap: int) -> bool:
        return cap - self._used < self._needed
