"""How long to wait before a modem is connected to again."""

from __future__ import annotations

from collections.abc import Callable

from sms.gateways.modem.patience import Patience


class Delays:
    """Growing delays with jitter: each is from half of to the whole of the nominal one.

    chance: from 0 to 1.
    """

    def __init__(self, patience: Patience, chance: Callable[[], float]) -> None:
        self._patience = patience
        self._chance = chance
        self._nominal = patience.first_delay

    def next_delay(self) -> float:
        """Seconds to wait now; the next answer will be longer."""
        delay, longest = self._nominal, self._patience.longest_delay
        self._nominal = min(2 * delay, longest)
        return delay * (0.5 + self._chance() / 2)

    def reset(self) -> None:
        """All is well again: begin with the first delay."""
        self._nominal = self._patience.first_delay
