"""Time stamps of the service centre (3GPP TS 23.040, 9.2.3.11)."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

LENGTH = 7
"""Octets."""

_EAST, _WEST = 14, -12  # hours, the farthest time zones that there are


def read_timestamp(octets: bytes) -> datetime | None:
    """The time with its zone; None where it is zero or no time at all.

    octets: year to second, and quarters of an hour from UTC with a sign.
    """
    *clock, zone = octets
    try:
        year, *rest = [_number(octet) for octet in clock]
        quarters = _number(zone & ~0x08)
        offset = timedelta(minutes=-15 * quarters if zone & 0x08 else 15 * quarters)
        if not timedelta(hours=_WEST) <= offset <= timedelta(hours=_EAST):
            return None
        month, day, hour, minute, second = rest
        century = 2000 if year < 90 else 1900  # the first text was sent in 1992
        return datetime(century + year, month, day, hour, minute, second, tzinfo=timezone(offset))
    except ValueError:
        return None


def _number(octet: int) -> int:
    """Two digits, the lower one in the upper half. Raises ValueError."""
    tens, ones = octet & 0x0F, octet >> 4
    if tens > 9 or ones > 9:
        raise ValueError
    return 10 * tens + ones
