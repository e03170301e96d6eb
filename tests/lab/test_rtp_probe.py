"""What is reckoned from the times of packets."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.rtp_probe import EVERY, rtp_result

MS = 1_000_000


def test_packets_that_come_as_evenly_as_they_went_have_no_jitter() -> None:
    sent = [number * EVERY for number in range(5)]
    result = rtp_result(sent, {number: went + 2 * MS for number, went in enumerate(sent)})
    assert (result.sent, result.lost, result.lost_percent) == (5, 0, 0.0)
    assert result.round_trip.sorted_ms == (2.0,) * 5
    assert result.jitter.sorted_ms == (0.0,) * 4


def test_jitter_grows_by_a_sixteenth_of_each_difference() -> None:
    result = rtp_result([0, EVERY, 2 * EVERY], {0: 0, 1: EVERY + 16 * MS, 2: 2 * EVERY + 16 * MS})
    assert result.jitter.sorted_ms == pytest.approx((15 / 16, 1.0))


def test_what_did_not_come_back_is_lost() -> None:
    result = rtp_result([0, EVERY, 2 * EVERY, 3 * EVERY], {2: 2 * EVERY + MS})
    assert (result.lost, result.lost_percent) == (3, 75.0)
    assert len(result.jitter) == 0


def test_nothing_sent_is_nothing_lost() -> None:
    result = rtp_result([], {})
    assert result.lost_percent == 0.0
    assert math.isnan(result.round_trip.median)


@given(st.lists(st.integers(0, 10**9), min_size=1, max_size=50), st.data())
def test_a_delay_that_is_always_the_same_is_no_jitter(gaps: list[int], data: st.DataObject) -> None:
    sent = [sum(gaps[: number + 1]) for number in range(len(gaps))]
    back = data.draw(st.sets(st.integers(0, len(sent) - 1)))
    result = rtp_result(sent, {number: sent[number] + 5 * MS for number in back})
    assert set(result.jitter.sorted_ms) <= {0.0}
    assert result.lost == len(sent) - len(back)
