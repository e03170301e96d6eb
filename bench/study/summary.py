"""Rounds put together: medians, and how far they lie apart."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median

from bench.study.data import CallRun, MailRun, RtpRun, Usage, Use

CARRIED = 0.95  # of the calls asked for, answered in their second
LOST = 1.0  # percent of packets; a listener hears it
LATE = 300.0  # milliseconds there and back: ITU-T G.114 allows 150 one way
NOTHING = Use(0.0, 0.0)


@dataclass(frozen=True)
class Spread:
    """A figure that was measured several times."""

    values: tuple[float, ...]

    @classmethod
    def of(cls, values: Iterable[float | None]) -> Spread | None:
        """None where nothing was measured."""
        there = tuple(value for value in values if value is not None)
        return cls(there) if there else None

    @property
    def middle(self) -> float:
        return median(self.values)

    @property
    def least(self) -> float:
        return min(self.values)

    @property
    def most(self) -> float:
        return max(self.values)


@dataclass(frozen=True)
class CallPoint:
    """Calls of one way at one rate; times in milliseconds."""

    way: str
    asked: int
    carried: Spread
    attempted: int
    failed: int
    retransmissions: int
    ringing: Spread | None
    ringing_p99: Spread | None
    answer: Spread | None
    answer_p99: Spread | None
    usage: Usage

    @property
    def clean(self) -> bool:
        """Whether Asterisk carried them, in every round."""
        return not self.failed and self.carried.least >= CARRIED * self.asked


@dataclass(frozen=True)
class MailPoint:
    """Mails of one size by one sender, a minute."""

    sender: str
    size: str
    bytes_each: int
    count: int
    in_mailbox: int
    accepted: Spread
    stored: Spread
    usage: Usage


def call_points(runs: Sequence[CallRun]) -> list[CallPoint]:
    """One point for each way and rate, in the order of measuring."""
    groups: dict[tuple[str, int], list[CallRun]] = {}
    for run in runs:
        groups.setdefault((run.way, run.asked), []).append(run)
    return [
        CallPoint(
            way=way,
            asked=asked,
            carried=Spread(tuple(run.carried for run in group)),
            attempted=sum(run.attempted for run in group),
            failed=sum(run.failed for run in group),
            retransmissions=sum(run.retransmissions for run in group),
            ringing=Spread.of(run.ringing.p50 for run in group),
            ringing_p99=Spread.of(run.ringing.p99 for run in group),
            answer=Spread.of(run.answer.p50 for run in group),
            answer_p99=Spread.of(run.answer.p99 for run in group),
            usage=middle_usage([run.usage for run in group]),
        )
        for (way, asked), group in groups.items()
    ]


def mail_points(runs: Sequence[MailRun]) -> list[MailPoint]:
    """One point for each size and sender."""
    groups: dict[tuple[str, str], list[MailRun]] = {}
    for run in runs:
        groups.setdefault((run.size, run.sender), []).append(run)
    return [
        MailPoint(
            sender=sender,
            size=size,
            bytes_each=group[0].bytes_each,
            count=sum(run.count for run in group),
            in_mailbox=sum(run.in_mailbox for run in group),
            accepted=Spread(tuple(run.accepted for run in group)),
            stored=Spread(tuple(run.stored for run in group)),
            usage=middle_usage([run.usage for run in group]),
        )
        for (size, sender), group in groups.items()
    ]


def highest(points: Iterable[CallPoint], way: str) -> CallPoint | None:
    """The highest rate of a way up to which every rate was carried."""
    found: CallPoint | None = None
    for point in sorted((it for it in points if it.way == way), key=lambda it: it.asked):
        if not point.clean:
            break
        found = point
    return found


def good_sound(run: RtpRun) -> bool:
    """Whether all calls were up, and people could talk on the measured one."""
    slowest = run.round_trip.p99
    heard = slowest is not None and slowest <= LATE and run.lost_percent <= LOST
    return heard and run.calls >= run.asked


def middle_usage(usages: Sequence[Usage]) -> Usage:
    """The median of each part's."""
    parts = dict.fromkeys(part for usage in usages for part in usage)
    return {
        part: Use(
            median(usage.get(part, NOTHING).cpu for usage in usages),
            median(usage.get(part, NOTHING).memory for usage in usages),
        )
        for part in parts
    }
