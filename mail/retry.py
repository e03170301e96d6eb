"""When a message that could not be delivered is tried again."""

from __future__ import annotations

from dataclasses import dataclass

FIRST = 10.0
LONGEST = 3600.0
GROWTH = 2.0
JITTER = 0.2


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """Growing delays with jitter, until `give_up_after` seconds since the hand-over.

    least: attempts that are made however old it is: voxpost, or the clock, may have been off for
        days, and the first of them fails while the network is still coming up.
    """

    give_up_after: float
    least: int = 1

    def next_delay(self, attempts: int, age: float, chance: float) -> float | None:
        """Seconds until the next attempt, or None when it is time to set the message aside.

        Arguments:
            attempts: how often it was tried already, this time included.
            age: seconds since the hand-over.
            chance: a random number from 0 to 1, so that messages do not march in step.
        """
        left = self.give_up_after - age
        if left <= 0 and attempts >= self.least:
            return None
        delay = min(LONGEST, FIRST * GROWTH ** min(attempts - 1, 20))
        jittered = delay * (1 - JITTER + 2 * JITTER * chance)
        # One last attempt at the very end, whatever the delay had come to.
        return max(1.0, min(jittered, left) if left > 0 else jittered)
