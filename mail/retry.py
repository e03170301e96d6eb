"""When a message that could not be delivered is tried again."""

from __future__ import annotations

from dataclasses import dataclass

FIRST = 10.0
LONGEST = 3600.0
GROWTH = 2.0
JITTER = 0.2


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """Growing delays with jitter, until `give_up_after` seconds since the hand-over."""

    give_up_after: float

    def next_delay(self, attempts: int, age: float, chance: float) -> float | None:
        """Seconds until the next attempt, or None when it is time to set the message aside.

        Arguments:
            attempts: how often it was tried already, this time included.
            age: seconds since the hand-over.
            chance: a random number from 0 to 1, so that messages do not march in step.
        """
        if age >= self.give_up_after:
            return None
        delay = min(LONGEST, FIRST * GROWTH ** min(attempts - 1, 20))
        jittered = delay * (1 - JITTER + 2 * JITTER * chance)
        # One last attempt at the very end, whatever the delay had come to.
        return max(1.0, min(jittered, self.give_up_after - age))
