"""The pauses between two tries of a gateway."""

from __future__ import annotations

from dataclasses import dataclass

from sms.gateways.tries import Tries


@dataclass
class Clock:
    seconds: float = 0.0

    def __call__(self) -> float:
        return self.seconds


def test_pauses_grow_while_tries_fail_and_begin_anew_after_a_link_that_lasted() -> None:
    clock = Clock()
    tries = Tries(clock, lambda: 1.0)

    def after(seconds: float) -> float:
        tries.begin()
        clock.seconds += seconds
        return tries.pause((1.0, 5.0))

    assert [after(0.1) for _ in range(5)] == [1, 2, 4, 5, 5]
    assert [after(it) for it in (61.0, 60.0, 0.1)] == [1, 2, 4]


def test_another_trouble_begins_with_its_own_first_pause() -> None:
    tries = Tries(Clock(), lambda: 0.0)
    lost, refused = (1.0, 60.0), (120.0, 1800.0)
    pauses = [tries.pause(it) for it in (lost, lost, refused, refused, lost)]
    assert pauses == [0.5, 1, 60, 120, 0.5]
