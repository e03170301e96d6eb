"""Growing rests after failures, so that nothing is hammered."""

from __future__ import annotations

from collections.abc import Callable

from pbx.backoff import Backoff


class Rest:
    """Each failure in a row doubles the rest; a success ends it.

    Arguments:
        first, longest: seconds.
        clock: seconds, only forward.
    """

    def __init__(self, first: float, longest: float, clock: Callable[[], float]) -> None:
        self._backoff = Backoff(first, longest, lambda: 1.0)
        self._clock = clock
        self._failed = False
        self._until = 0.0

    @property
    def left(self) -> float:
        """Seconds of rest that are left; 0 if there is none."""
        return max(0.0, self._until - self._clock())

    @property
    def failed(self) -> bool:
        """Whether there was no success since the last failure."""
        return self._failed

    def fail(self) -> float:
        """Begin a rest, unless one is on, as others may fail of the same; returns its seconds."""
        if not self.left:
            self._until = self._clock() + self._backoff.next_delay()
            self._failed = True
        return self.left

    def succeed(self) -> bool:
        """All is well; whether it was not before."""
        failed, self._failed, self._until = self._failed, False, 0.0
        self._backoff.reset()
        return failed
