"""Office hours."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pbx.hours import is_open, parse_opening

# 2026-11-23 is a Monday.
WEEK = {day: 23 + at for at, day in enumerate(("mon", "tue", "wed", "thu", "fri", "sat", "sun"))}


def at(day: str, clock: str) -> datetime:
    hour, minute = map(int, clock.split(":"))
    return datetime(2026, 11, WEEK[day], hour, minute)


@pytest.mark.parametrize(
    ("hours", "day", "clock", "is_it"),
    [
        ("mon-fri 08:00-17:00", "mon", "07:59", False),
        ("mon-fri 08:00-17:00", "mon", "08:00", True),
        ("mon-fri 08:00-17:00", "fri", "16:59", True),
        ("mon-fri 08:00-17:00", "fri", "17:00", False),
        ("mon-fri 08:00-17:00", "sat", "09:00", False),
        ("fri-mon 08:00-17:00", "sun", "09:00", True),
        ("fri-mon 08:00-17:00", "mon", "09:00", True),
        ("fri-mon 08:00-17:00", "tue", "09:00", False),
        ("sat 18:00-24:00", "sat", "23:59", True),
        ("sat 18:00-24:00", "sun", "00:00", False),
        ("sun 00:00-06:00", "sun", "00:00", True),
        (" MON-Fri  08:00-17:00 ", "wed", "12:00", True),
    ],
)
def test_a_span_covers_its_days_and_hours(hours: str, day: str, clock: str, is_it: bool) -> None:
    assert is_open(at(day, clock), [parse_opening(hours)]) is is_it


def test_two_spans_cross_midnight_and_any_span_opens() -> None:
    night = [parse_opening("sat 18:00-24:00"), parse_opening("sun 00:00-02:00")]
    assert is_open(at("sat", "23:59"), night)
    assert is_open(at("sun", "01:59"), night)
    assert not is_open(at("sun", "02:00"), night)
    assert not is_open(at("sat", "01:00"), night)


def test_a_holiday_is_closed_all_day() -> None:
    always = [parse_opening("mon-sun 00:00-24:00")]
    assert is_open(at("wed", "10:00"), always)
    assert not is_open(at("wed", "10:00"), always, [date(2026, 11, WEEK["wed"])])


def test_hours_are_those_of_the_wall_clock_when_summer_time_begins_and_ends() -> None:
    berlin, opening = ZoneInfo("Europe/Berlin"), [parse_opening("sun 02:30-04:00")]
    winter_to_summer = datetime(2026, 3, 29, 1, 0, tzinfo=UTC)  # 02:00 becomes 03:00
    assert is_open(winter_to_summer.astimezone(berlin), opening)
    assert not is_open(winter_to_summer.replace(hour=2).astimezone(berlin), opening)
    # 02:45 comes twice.
    for hour in (0, 1):
        moment = datetime(2026, 10, 25, hour, 45, tzinfo=UTC).astimezone(berlin)
        assert is_open(moment, opening)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is not like"),
        ("monday 08:00-17:00", "is not like"),
        ("mon-fri 8-17", "is not like"),
        ("mon-fry 08:00-17:00", '"fry" is no day: use mon, tue'),
        ("mon 25:00-26:00", '"25:00" is no time'),
        ("mon 08:60-09:00", "no time"),
        ("mon 24:00-24:00", "begins none"),
        ("mon 17:00-08:00", "two spans across midnight"),
        ("mon 08:00-08:00", "ends before it begins"),
        ("mon 08:00-17:00\nsat 08:00-12:00", "is not like"),
        ("mon ०८:००-17:00", "is not like"),
    ],
)
def test_what_is_no_span_says_how_it_should_read(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        parse_opening(text)


@given(st.text("monfri0123456789:- \n24", max_size=30) | st.text(max_size=20))
def test_junk_is_a_span_or_a_sentence(text: str) -> None:
    try:
        opening = parse_opening(text)
    except ValueError as error:
        said = str(error)
    else:
        assert opening.days
        return
    assert '"' in said
