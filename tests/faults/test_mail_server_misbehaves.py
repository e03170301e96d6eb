"""Whatever the mail server does wrong: the message is in the mail account once, with its sound."""

from __future__ import annotations

import pytest

from lab.misbehaviour import FAULTS, Misbehaviour, Script
from ledger.entries import State
from tests.faults.way import SPEECH, Way, audio_of


def named(fault: Misbehaviour) -> str:
    return fault.name.replace(" ", "-")


def set_script(way: Way, *faults: Misbehaviour) -> Script:
    script = Script(faults)
    way.unruly._choose = script
    return script


@pytest.mark.parametrize("fault", FAULTS, ids=named)
async def test_after_each_fault_the_message_arrives_once(way: Way, fault: Misbehaviour) -> None:
    script = set_script(way, fault)
    way.voicemail = {"after_delivery": "heard"}
    entry = await way.take()
    async with way.delivering():
        if fault.final:
            refused = await way.until(lambda entry: entry.state is State.FAILED)
            words = fault.says.decode().strip()
            assert refused.last_error == words
            assert refused.audio is not None
            assert (way.folder / "spool" / refused.audio).exists()
            await way.outbox.retry(entry.id, way.now())  # by hand, as `voxpost outbox retry`
            way.delivery.wake()
        await way.until_delivered()
    assert script.left == []
    assert [owed.id for owed in await way.outbox.awaiting_aftercare(5)] == [entry.id]
    (mail,) = way.received()
    assert mail["Message-ID"] == entry.message_id
    if fault.size is None:
        assert audio_of(mail) == SPEECH.wav()
    else:
        assert 0 < len(audio_of(mail)) < fault.size  # mp3
    assert way.unruly.taken[entry.message_id] == (2 if is_told_otherwise(fault) else 1)


def is_told_otherwise(fault: Misbehaviour) -> bool:
    """The server has the message and the client cannot know it."""
    told = fault.says.startswith(b"250 2")
    return fault.stage.name == "ANSWER" and fault.passes_on and not told


async def test_a_server_that_refuses_connections_for_a_while_loses_nothing(way: Way) -> None:
    await way.unruly.close_door()
    await way.take()
    async with way.delivering():
        later = await way.until(lambda entry: entry.attempts == 1)
        assert later.last_error is not None
        assert "Connect" in later.last_error
        await way.unruly.open_door()
        await way.until_delivered()
    assert len(way.received()) == 1


async def test_a_size_that_shrinks_between_two_connections_makes_the_recording_smaller(
    way: Way,
) -> None:
    await way.take()
    async with way.delivering():
        await way.until_delivered()
        set_script(way, next(fault for fault in FAULTS if fault.size))
        await way.unruly.hang_up()
        way.leave(1)
        await way.handover().sweep()
        await way.until_delivered()
    large, small = (audio_of(mail) for mail in way.received())
    assert len(small) < len(large) / 2
