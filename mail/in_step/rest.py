"""Growing rests after failures, so that nothing is hammered."""

from __future__ import annotations

from collections.abc import Callable


class Rest:
    """Each failure in a row doubles the rest; a success ends it.

    Arguments:
        first, longest: seconds.
        clock: seconds, only forward.
    """

    def __init__(self, first: float, longest: float, clock: Callable[[], float]) -> None:
        self._first = first
        self._longest = longest
        self._clock = clock
        self._failures = 0
        self._until = 0.0

    @property
    def left(self) -> float:
        """Seconds of rest that are left; 0 if there is none."""
        return max(0.0, self._until - self._clock())

    @property
    def failed(self) -> bool:
        """Whether there was no success since the last failure."""
        return self._failures > 0

    def fail(self) -> float:
        """Begin a rest, unless one is on, as others may fail of the same; returns its seconds."""
        if not self.left:
            self._until = self._clock() + min(
                self._first * 2.0 ** min(self._failures, 30), self._longest
            )
            self._failures += 1
        return self.left

    def succeed(self) -> bool:
        """All is well; whether it was not before."""
        failed, self._failures, self._until = self._failures, 0, 0.0
        return failed > 0
