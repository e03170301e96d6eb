"""How long to wait before the next try."""

from __future__ import annotations

from collections.abc import Callable


class Backoff:
    """Growing delays with jitter: each is between half of and the whole nominal delay.

    first, longest: seconds; the nominal delay doubles from one to the other.
    random: returns a number in [0, 1).
    """

    def __init__(self, first: float, longest: float, random: Callable[[], float]) -> None:
        self._first = first
        self._longest = longest
        self._random = random
        self._nominal = first

    def next_delay(self) -> float:
        """Seconds to wait now; the next answer will be longer."""
        nominal = self._nominal
        self._nominal = min(nominal * 2, self._longest)
        return nominal * (0.5 + self._random() / 2)

    def reset(self) -> None:
        """All is well again: begin with the first delay."""
        self._nominal = self._first
