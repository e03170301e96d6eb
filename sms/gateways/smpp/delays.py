"""How long to wait before an SMSC is tried again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

Bounds: TypeAlias = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Delays:
    """Seconds between two tries, the first and the longest; each is twice the one before.

    Arguments:
        lost: after a link that ended, or never came to be.
        refused: where the SMSC refuses the account; an operator blocks who tries that too often.
        stalled: where it is there and answers no text; each try leaves one that is unknown.
    """

    lost: Bounds = (1.0, 60.0)
    refused: Bounds = (120.0, 1800.0)
    stalled: Bounds = (60.0, 1800.0)


def delay(bounds: Bounds, tries: int, chance: float) -> float:
    """Seconds after so many tries before this one; from half to the whole, by chance."""
    first, longest = bounds
    return min(first * 2.0 ** min(tries, 30), longest) * (0.5 + chance / 2)
