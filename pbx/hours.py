"""Office hours: when somebody is there to answer."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_RULE = re.compile(
    r"^(?P<first>[a-z]{3})(?:-(?P<last>[a-z]{3}))?\s+"
    r"(?P<start>[0-9]{2}:[0-9]{2})-(?P<end>[0-9]{2}:[0-9]{2})$"
)
_MIDNIGHT_END = "24:00"


@dataclass(frozen=True, slots=True)
class Opening:
    """One span of opening on some days of the week. `end` None is midnight."""

    days: frozenset[int]
    start: time
    end: time | None

    def covers(self, moment: datetime) -> bool:
        clock = moment.time()
        return (
            moment.weekday() in self.days
            and self.start <= clock
            and (self.end is None or clock < self.end)
        )


def parse_opening(text: str) -> Opening:
    """Read "mon-fri 08:00-17:00" or "sat 08:00-12:00".

    Raises:
        ValueError: with a sentence that says how it should read.
    """
    match = _RULE.fullmatch(text.strip().lower())
    if match is None:
        raise ValueError(f'"{text}" is not like "mon-fri 08:00-17:00" or "sat 08:00-12:00"')
    first, last = match["first"], match["last"] or match["first"]
    for day in (first, last):
        if day not in DAYS:
            raise ValueError(f'"{day}" is no day: use {", ".join(DAYS)}')
    begin, stop = DAYS.index(first), DAYS.index(last)
    span = range(begin, stop + 1) if begin <= stop else (*range(begin, 7), *range(stop + 1))
    start = _clock(match["start"])
    end = None if match["end"] == _MIDNIGHT_END else _clock(match["end"])
    if end is not None and end <= start:
        raise ValueError(f'"{text}" ends before it begins: write two spans across midnight')
    return Opening(frozenset(span), start, end)


def _clock(text: str) -> time:
    if text == _MIDNIGHT_END:  # newer Pythons read it as 00:00
        raise ValueError(f'"{text}" ends a day and begins none: write 00:00')
    try:
        return time.fromisoformat(text)
    except ValueError:
        raise ValueError(f'"{text}" is no time of day') from None


def is_open(moment: datetime, openings: Iterable[Opening], holidays: Iterable[date] = ()) -> bool:
    """Whether the office is open at `moment`, given in the site's own time zone."""
    if moment.date() in set(holidays):
        return False
    return any(opening.covers(moment) for opening in openings)
