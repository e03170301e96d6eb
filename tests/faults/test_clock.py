"""The clock is set back or ahead while messages wait, are sent, or are handed over."""

from __future__ import annotations

import pytest

from ledger.entries import State
from tests.faults.way import Way, audio_of

HOUR, DAY = 3600.0, 86400.0


@pytest.mark.parametrize("jump", [-365 * DAY, -DAY, -3 * HOUR, 3 * HOUR, 30 * DAY])
async def test_a_message_that_waits_while_the_clock_jumps_is_delivered_once(
    way: Way, jump: float
) -> None:
    await way.unruly.close_door()
    await way.take()
    async with way.delivering():
        await way.until(lambda entry: entry.attempts > 0)
        way.ahead += jump
        await way.unruly.open_door()
        way.delivery.wake()  # or it looks by itself, within half a minute
        entry = await way.until(lambda entry: entry.state is State.DELIVERED)
    assert entry.attempts == 2
    assert len(way.received()) == 1


async def test_set_back_by_less_than_the_longest_delay_a_message_waits_that_much_longer(
    way: Way,
) -> None:
    await way.unruly.close_door()
    await way.take()
    async with way.delivering():
        before = await way.until(lambda entry: entry.attempts > 0)
        way.ahead -= HOUR
        assert before.due - way.now() < HOUR + 60
        await way.unruly.open_door()
        await way.until_delivered()
    assert len(way.received()) == 1


@pytest.mark.parametrize("jump", [-DAY, DAY])
async def test_a_clock_that_jumps_between_two_lives_leaves_no_lease_behind(
    way: Way, jump: float
) -> None:
    """Killed with the message leased, started again with another time."""
    entry = await way.take()
    now = way.now()
    (leased,) = await way.outbox.lease(1, now, now + 900, "test")
    assert leased.id == entry.id
    way.ahead += jump
    async with way.delivering():
        await way.until_delivered()
    assert len(way.received()) == 1


@pytest.mark.parametrize("jump", [-DAY, DAY])
async def test_a_message_left_after_the_clock_jumped_is_taken_and_not_mixed_up(
    way: Way, jump: float
) -> None:
    handover = way.handover()
    way.leave(0)
    assert await handover.sweep() == 1
    way.ahead += jump
    way.leave(1)
    assert await handover.sweep() == 1
    assert await handover.sweep() == 0
    async with way.delivering():
        while (await way.outbox.depth()).waiting:
            await way.hurry()
    assert len({mail["Message-ID"] for mail in way.received()}) == 2
    assert all(audio_of(mail) for mail in way.received())


async def test_a_clock_far_ahead_for_a_moment_sets_a_message_aside_in_words_and_loses_nothing(
    way: Way,
) -> None:
    """It looks as if the message had been tried for days: that is said, and mended by hand."""
    await way.unruly.close_door()
    entry = await way.take()
    way.ahead += 10 * DAY
    async with way.delivering():
        failed = await way.until(lambda entry: entry.state is State.FAILED)
        assert failed.last_error is not None
        assert failed.last_error.startswith("given up after 10.0 days")
        assert failed.audio is not None
        way.ahead -= 10 * DAY
        await way.unruly.open_door()
        await way.outbox.retry(entry.id, way.now())
        way.delivery.wake()
        await way.until_delivered()
    assert all(audio_of(mail) for mail in way.received())
