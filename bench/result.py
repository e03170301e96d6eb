"""What a row of the table says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Result:
    """One measurement: of ours alone with a limit, or against a peer with a ratio to reach.

    Arguments:
        name: what was done.
        unit: of `ours` and `peer`: "messages/min", "ms", "MB".
        ours, peer: as measured in the same run; `peer` is None where there is none.
        target: with a peer, the least ratio ours/peer; without, the most that `ours` may be.
        against: what the peer is.
    """

    name: str
    unit: str
    ours: float
    target: float
    peer: float | None = None
    against: str = ""

    @property
    def ratio(self) -> float | None:
        return None if self.peer is None else self.ours / self.peer

    @property
    def reached(self) -> bool:
        ratio = self.ratio
        return self.ours <= self.target if ratio is None else ratio >= self.target

    def as_data(self) -> dict[str, Any]:
        """As in bench/results.json."""
        ratio = self.ratio
        return {
            "name": self.name,
            "against": self.against,
            "ours": round(self.ours, 3),
            "peer": None if self.peer is None else round(self.peer, 3),
            "ratio": None if ratio is None else round(ratio, 3),
            "target": self.target,
            "unit": self.unit,
            "reached": self.reached,
        }
