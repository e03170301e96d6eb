"""What became of many calls, read from what sipp wrote: its statistics and its log of messages."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from lab.errors import LabError


@dataclass(frozen=True)
class Delays:
    """How long something took, in milliseconds, the shortest first."""

    sorted_ms: tuple[float, ...]

    @classmethod
    def of(cls, values: Iterable[float]) -> Delays:
        return cls(tuple(sorted(values)))

    def __len__(self) -> int:
        return len(self.sorted_ms)

    def percentile(self, share: float) -> float:
        """What this share of them (0.99) did not exceed, by nearest rank; nan where none is."""
        if not self.sorted_ms:
            return math.nan
        rank = math.ceil(share * len(self.sorted_ms))
        return self.sorted_ms[max(rank, 1) - 1]

    @property
    def median(self) -> float:
        return self.percentile(0.5)


@dataclass(frozen=True)
class LoadResult:
    """What became of the calls of one run.

    Arguments:
        attempted, succeeded, failed: calls; a call succeeds when it was answered and ended as
            the scenario says.
        reasons: failed calls by sipp's name for the cause ("UnexpectedMessage").
        retransmissions: SIP requests that were sent again, as Asterisk was late.
        per_second: calls answered a second, from the first answer to the last.
        ringing, answer: from the first INVITE of a call to its 180 and to its 200.
    """

    attempted: int
    succeeded: int
    failed: int
    retransmissions: int
    per_second: float
    ringing: Delays = field(repr=False)
    answer: Delays = field(repr=False)
    reasons: Mapping[str, int] = field(default_factory=dict)


def read_load(statistics: str, messages: Iterable[str]) -> LoadResult:
    """Read a run's result from the files of sipp's -trace_stat and -trace_shortmsg.

    messages: lines. Raises LabError when sipp wrote no statistics.
    """
    last = _last_row(statistics)
    times = read_times(messages)
    return LoadResult(
        attempted=_count(last, "TotalCallCreated"),
        succeeded=_count(last, "SuccessfulCall(C)"),
        failed=_count(last, "FailedCall(C)"),
        retransmissions=_count(last, "Retransmissions(C)"),
        per_second=_rate(times.answered),
        ringing=Delays.of(times.ringing),
        answer=Delays.of(times.answer),
        reasons=_reasons(last),
    )


@dataclass
class Times:
    """Of each call that had one: milliseconds to the 180 and to the 200; seconds of the 200."""

    ringing: list[float] = field(default_factory=list)
    answer: list[float] = field(default_factory=list)
    answered: list[float] = field(default_factory=list)


def read_times(messages: Iterable[str]) -> Times:
    """Read when each call rang and was answered.

    messages: a line for each SIP message, its fields parted by tabs: date, time, seconds,
    S or R, Call-ID, CSeq, first line. What comes again counts once.
    """
    times = Times()
    began: dict[str, float] = {}
    seen: set[tuple[str, str]] = set()
    for line in messages:
        fields = line.split("\t")
        if len(fields) < 7 or not fields[5].endswith(" INVITE"):
            continue
        call, first = fields[4], fields[6].split(" ", 2)
        try:
            when = float(fields[2])
        except ValueError:
            continue
        if first[0] == "INVITE":
            began.setdefault(call, when)
        elif call in began and len(first) > 1 and (call, first[1]) not in seen:
            seen.add((call, first[1]))
            took = 1000 * (when - began[call])
            if first[1] == "180":
                times.ringing.append(took)
            elif first[1] == "200":
                times.answer.append(took)
                times.answered.append(when)
    return times


def _last_row(statistics: str) -> Mapping[str, str]:
    # sipp writes a line each second, and sums from the start in the columns (C).
    rows = [row for row in csv.DictReader(statistics.splitlines(), delimiter=";") if _whole(row)]
    if not rows:
        raise LabError("sipp wrote no statistics; see its screen for why")
    return rows[-1]


def _whole(row: Mapping[str | None, object]) -> bool:
    return all(value is not None for value in row.values())


def _reasons(row: Mapping[str, str]) -> Mapping[str, int]:
    names = (name for name in row if name.startswith("Failed") and name.endswith("(C)"))
    counts = {
        name.removeprefix("Failed").removesuffix("(C)"): _count(row, name)
        for name in names
        if name != "FailedCall(C)"
    }
    return {name: count for name, count in counts.items() if count}


def _count(row: Mapping[str, str], name: str) -> int:
    try:
        return int(row[name])
    except (KeyError, ValueError):
        raise LabError(f"sipp's statistics have no count in the column {name}") from None


def _rate(moments: Sequence[float]) -> float:
    if len(moments) < 2:
        return 0.0
    span = max(moments) - min(moments)
    return (len(moments) - 1) / span if span else 0.0
