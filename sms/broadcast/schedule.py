"""When a broadcast may send: quiet hours, the day's cap, and how long all of it takes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

_LONGEST = 366 * 3  # steps of an estimate; a day has at most three


@dataclass(frozen=True, slots=True)
class QuietHours:
    """Hours of the site's zone when no broadcast sends."""

    start: time
    end: time

    def until(self, now: float, zone: ZoneInfo) -> float | None:
        """When the quiet hours end that a moment is in; None outside of them. Since 1970."""
        local = datetime.fromtimestamp(now, zone)
        if not self._covers(local.time()):
            return None
        return _next(local, self.end)

    def begin(self, now: float, zone: ZoneInfo) -> float:
        """When they begin next."""
        return _next(datetime.fromtimestamp(now, zone), self.start)

    def _covers(self, clock: time) -> bool:
        if self.start <= self.end:
            return self.start <= clock < self.end
        return clock >= self.start or clock < self.end


def read_quiet(span: str | None) -> QuietHours | None:
    """Read "21:00-08:00" of the site file; None where there are no quiet hours."""
    if span is None:
        return None
    start, _, end = span.partition("-")
    return QuietHours(time.fromisoformat(start), time.fromisoformat(end))


def ends_at(
    parts: float,
    rate: float,
    *,
    starts: float,
    zone: ZoneInfo,
    quiet: QuietHours | None,
    cap: float,
) -> float | None:
    """When so many parts will have been sent, seconds since 1970; None: not within months.

    Arguments:
        rate: parts a second.
        cap: parts a day.
    """
    moment, left, used = starts, parts, 0.0
    for _ in range(_LONGEST):
        if left <= 0:
            return moment
        silent = None if quiet is None else quiet.until(moment, zone)
        midnight = _next(datetime.fromtimestamp(moment, zone), time())
        if silent is not None:
            used = 0.0 if silent >= midnight else used
            moment = silent
            continue
        room = cap - used
        until = midnight if quiet is None else min(midnight, quiet.begin(moment, zone))
        sent = min(left, room, (until - moment) * rate)
        if sent >= left:
            return moment + left / rate
        left -= sent
        over = until == midnight or sent >= room
        moment, used = (midnight, 0.0) if over else (until, used + sent)
    return None


def _next(after: datetime, clock: time) -> float:
    """When the clock next shows a time."""
    found = datetime.combine(after.date(), clock, after.tzinfo)
    if found <= after:
        found = datetime.combine(after.date() + timedelta(days=1), clock, after.tzinfo)
    return found.timestamp()
