"""Recordings that cannot be heard: the mail goes without, and the telephone keeps them."""

from __future__ import annotations

from pathlib import Path

import pytest

from lab.ports import PortFinder
from mail.errors import HandoverFailed
from tests.faults.way import BOX, SPEECH, Way, audio_of, made_way

WAV = SPEECH.wav()


@pytest.mark.parametrize(
    "sound",
    [b"", b"RIFF", WAV[:44], b"\0" * 5000, b"<html>no sound</html>" * 100],
    ids=["empty", "four bytes", "head alone", "zeros", "another thing"],
)
async def test_a_recording_without_sound_is_told_of_and_never_deleted(
    way: Way, sound: bytes
) -> None:
    way.voicemail = {"after_delivery": "delete"}
    text = way.leave(0, sound=sound)
    assert await way.handover().mailbox(BOX) == 1
    async with way.delivering():
        entry = await way.until_delivered()
    (mail,) = way.received()
    assert audio_of(mail) == b""
    assert entry.aftercare is None
    assert entry.last_error == "without audio: unreadable"
    assert text.with_suffix(".wav").read_bytes() == sound


@pytest.mark.parametrize("length", [len(WAV) // 2, len(WAV) - 1])
async def test_a_truncated_recording_goes_as_far_as_it_can_be_heard(way: Way, length: int) -> None:
    text = way.leave(0, sound=WAV[:length])
    assert await way.handover().mailbox(BOX) == 1
    async with way.delivering():
        await way.until_delivered()
    (mail,) = way.received()
    assert length - 100 < len(audio_of(mail)) <= length
    assert text.with_suffix(".wav").exists()


async def test_a_recording_that_may_not_be_read_waits_until_it_may(
    ordinary_folder: Path, ports: PortFinder
) -> None:
    async with made_way(ordinary_folder, ports) as way:
        audio = way.leave(0).with_suffix(".wav")
        way.leave(1)
        audio.chmod(0)
        with pytest.raises(HandoverFailed, match=r"cannot secure .*msg0000.wav: Permission denied"):
            await way.handover().sweep()
        assert (await way.outbox.depth()).waiting == 1  # the other is not held up
        audio.chmod(0o600)
        assert await way.handover().sweep() == 1
