from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sms.broadcast.schedule import ends_at, read_quiet

JAKARTA = ZoneInfo("Asia/Jakarta")
BERLIN = ZoneInfo("Europe/Berlin")
MOMENTS = st.floats(1.7e9, 1.9e9)


def at(text: str, zone: ZoneInfo = JAKARTA) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=zone).timestamp()


@pytest.mark.parametrize(
    ("moment", "until"),
    [
        ("2026-11-23 20:59:59", None),
        ("2026-11-23 21:00", "2026-11-24 08:00"),
        ("2026-11-23 23:59", "2026-11-24 08:00"),
        ("2026-11-24 00:00", "2026-11-24 08:00"),
        ("2026-11-24 07:59:59", "2026-11-24 08:00"),
        ("2026-11-24 08:00", None),
    ],
)
def test_quiet_hours_go_across_midnight(moment: str, until: str | None) -> None:
    quiet = read_quiet("21:00-08:00")
    assert quiet is not None
    assert quiet.until(at(moment), JAKARTA) == (None if until is None else at(until))


def test_quiet_hours_inside_a_day() -> None:
    quiet = read_quiet("12:00-13:00")
    assert quiet is not None
    assert quiet.until(at("2026-11-23 12:30"), JAKARTA) == at("2026-11-23 13:00")
    assert quiet.until(at("2026-11-23 13:00"), JAKARTA) is None
    assert read_quiet(None) is None


def test_quiet_hours_end_by_the_clock_on_the_wall_when_it_is_put_back() -> None:
    quiet = read_quiet("21:00-08:00")
    assert quiet is not None
    until = quiet.until(at("2026-10-24 22:00", BERLIN), BERLIN)
    assert until == at("2026-10-25 08:00", BERLIN)
    assert until - at("2026-10-24 22:00", BERLIN) == 11 * 3600.0


@pytest.mark.parametrize(
    ("parts", "rate", "quiet", "cap", "ends"),
    [
        (0, 1.0, None, 1e9, "2026-11-23 20:00"),
        (3600, 1.0, None, 1e9, "2026-11-23 21:00"),
        (3600, 1.0, "21:00-08:00", 1e9, "2026-11-23 21:00"),
        (7200, 1.0, "21:00-08:00", 1e9, "2026-11-24 09:00"),
        (3600 * 5, 1.0, None, 3600.0, "2026-11-27 01:00"),
        (3600, 1.0, "00:00-23:59", 60.0, None),
        (3600 * 3, 1.0, "21:00-08:00", 3600.0, "2026-11-25 09:00"),
    ],
)
def test_how_long_it_takes(
    parts: int, rate: float, quiet: str | None, cap: float, ends: str | None
) -> None:
    found = ends_at(
        parts, rate, starts=at("2026-11-23 20:00"), zone=JAKARTA, quiet=read_quiet(quiet), cap=cap
    )
    if ends is None:
        assert found is not None
        assert found > at("2026-12-31 00:00")
    else:
        assert found == pytest.approx(at(ends))


def test_a_cap_of_nothing_never_ends() -> None:
    assert ends_at(1, 1.0, starts=0.0, zone=JAKARTA, quiet=None, cap=0.0) is None


@given(MOMENTS, st.times(), st.times(), st.sampled_from([JAKARTA, BERLIN]))
def test_quiet_hours_end_when_they_say(
    moment: float, start: object, end: object, zone: ZoneInfo
) -> None:
    quiet = read_quiet(f"{start:%H:%M}-{end:%H:%M}")
    assert quiet is not None
    until = quiet.until(moment, zone)
    if until is not None:
        assert moment < until <= moment + 25 * 3600.0
    assert quiet.begin(moment, zone) > moment


@given(
    st.integers(1, 5000),
    st.floats(0.01, 10.0),
    MOMENTS,
    st.sampled_from([None, "21:00-08:00", "12:00-13:00"]),
)
def test_an_estimate_is_never_shorter_than_the_sending_itself(
    parts: int, rate: float, starts: float, quiet: str | None
) -> None:
    ends = ends_at(parts, rate, starts=starts, zone=JAKARTA, quiet=read_quiet(quiet), cap=2000.0)
    assert ends is not None
    assert ends - starts >= parts / rate * 0.999
