from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mail.retry import LONGEST, RetryPolicy

DAYS = 5 * 86400.0


def test_delays_grow_from_ten_seconds_to_an_hour() -> None:
    policy = RetryPolicy(DAYS)
    delays = [policy.next_delay(attempts, 0, 0.5) for attempts in range(1, 12)]
    assert delays == [10, 20, 40, 80, 160, 320, 640, 1280, 2560, 3600, 3600]


@given(
    st.integers(1, 10_000),
    st.floats(0, DAYS * 2),
    st.floats(0, 1),
)
def test_a_delay_is_never_beyond_the_end_nor_a_busy_loop(
    attempts: int, age: float, chance: float
) -> None:
    delay = RetryPolicy(DAYS).next_delay(attempts, age, chance)
    if age >= DAYS:
        assert delay is None
    else:
        assert delay is not None
        assert 1 <= delay <= LONGEST * 1.201
        assert age + delay <= DAYS + 1


def test_what_is_old_already_when_it_fails_first_is_tried_for_a_while_all_the_same() -> None:
    policy = RetryPolicy(DAYS, least=3)
    assert [policy.next_delay(attempts, DAYS + 1, 0.5) for attempts in (1, 2, 3)] == [10, 20, None]


def test_jitter_spreads_messages_that_failed_together() -> None:
    policy = RetryPolicy(DAYS)
    assert policy.next_delay(3, 0, 0.0) == pytest.approx(32)
    assert policy.next_delay(3, 0, 1.0) == pytest.approx(48)
