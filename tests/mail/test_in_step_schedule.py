"""Whose turn it is, and rests."""

from __future__ import annotations

from dataclasses import dataclass

from mail.in_step.rest import Rest
from mail.in_step.schedule import Schedule


@dataclass
class Clock:
    now: float = 0.0

    def __call__(self) -> float:
        return self.now


def test_who_is_due_longest_comes_first_and_nobody_twice_at_once() -> None:
    clock = Clock()
    schedule = Schedule(clock)
    schedule.hint("1001")
    clock.now = 1
    schedule.hint("1002")
    assert [schedule.take(), schedule.take(), schedule.take()] == ["1001", "1002", None]
    schedule.give_back("1001", 30)
    assert schedule.take() is None
    assert schedule.next_due() == 30
    clock.now = 31
    assert schedule.take() == "1001"


def test_news_during_a_visit_bring_another_at_once() -> None:
    schedule = Schedule(Clock())
    schedule.hint("1001")
    schedule.take()
    schedule.hint("1001")
    assert schedule.take() is None
    schedule.give_back("1001", None)
    assert schedule.take() == "1001"


def test_a_connection_prefers_its_person_and_leaves_the_others_to_theirs() -> None:
    schedule = Schedule(Clock())
    for extension in ("1001", "1002", "1003"):
        schedule.hint(extension)
    assert schedule.take("1002", {"1001"}) == "1002"
    assert schedule.take("1002", {"1001"}) == "1003"
    assert schedule.take("1002", {"1001"}) is None
    assert schedule.next_due({"1001"}) is None
    assert schedule.next_due() == 0


def test_who_has_nothing_to_be_looked_at_is_not_visited_until_there_are_news() -> None:
    clock = Clock()
    schedule = Schedule(clock)
    schedule.hint("1001")
    schedule.take()
    schedule.give_back("1001", None)
    clock.now = 10_000
    assert schedule.take() is None


def test_rests_grow_to_their_longest_and_many_failures_at_once_are_one() -> None:
    clock = Clock()
    rest = Rest(300, 3600, clock)
    seconds = []
    for _ in range(6):
        seconds.append(rest.fail())
        assert rest.fail() == seconds[-1]
        clock.now += seconds[-1]
    assert seconds == [300, 600, 1200, 2400, 3600, 3600]
    assert rest.succeed()
    assert not rest.succeed()
    assert rest.fail() == 300
