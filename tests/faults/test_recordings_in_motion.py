"""Messages that change under our hands: renumbered, moved, deleted, still being written."""

from __future__ import annotations

import asyncio
import shutil
import threading
from pathlib import Path
from random import Random

import pytest

from lab.misbehaviour import Misbehaviour, Script, Stage, Then
from lab.speech import Speech
from ledger.entries import State
from ledger.facts import VoicemailFacts
from mail.errors import HandoverFailed
from mail.spool import Spool
from tests.faults.way import BOX, SPEECH, Way, audio_of

COUNT = 60


def sound_of(number: int) -> bytes:
    """A recording that can be told from every other."""
    return Speech(number.to_bytes(2, "little") * 400).wav()


def box(way: Way, folder: str) -> Path:
    return way.folder / "asterisk/voicemail/default/1001" / folder


def messages(folder: Path) -> list[Path]:
    return sorted(folder.glob("msg*.txt"))


class Person(threading.Thread):
    """Listens by telephone: moves messages to Old or back, deletes some, renumbers all the time.

    As app_voicemail.c does: each message's audio first, then its text; gaps are closed when the
    person hangs up.
    """

    def __init__(self, inbox: Path, old: Path, seed: int) -> None:
        super().__init__()
        self._folders = (inbox, old)
        self._random = Random(seed)
        self.hung_up = threading.Event()
        self.deleted = 0
        old.mkdir(exist_ok=True)

    def run(self) -> None:
        while not self.hung_up.is_set():
            source, target = self._random.sample(self._folders, 2)
            for text in self._random.sample(messages(source), min(5, len(messages(source)))):
                if self._random.random() < 0.02:
                    self._remove(text)
                else:
                    self._rename(text, target / f"msg{len(messages(target)):04}.txt")
            self._close_gaps(source)

    def _close_gaps(self, folder: Path) -> None:
        for number, text in enumerate(messages(folder)):
            if text.name != f"msg{number:04}.txt":
                self._rename(text, folder / f"msg{number:04}.txt")

    @staticmethod
    def _rename(text: Path, target: Path) -> None:
        text.with_suffix(".wav").rename(target.with_suffix(".wav"))
        text.rename(target)

    def _remove(self, text: Path) -> None:
        text.with_suffix(".wav").unlink()
        text.unlink()
        self.deleted += 1


@pytest.mark.parametrize("seed", [1, 2])
async def test_a_mailbox_that_is_listened_to_meanwhile_is_handed_over_whole_and_unmixed(
    way: Way, seed: int
) -> None:
    for number in range(COUNT):
        way.leave(number, sound=sound_of(number))
    handover, person = way.handover(), Person(box(way, "INBOX"), box(way, "Old"), seed)
    person.start()
    try:
        for _ in range(5):
            try:
                await handover.mailbox(BOX)
            except HandoverFailed:  # one would not lie still: it is tried again
                continue
    finally:
        person.hung_up.set()
        await asyncio.to_thread(person.join)
    await handover.sweep()
    entries = await way.outbox.newest(None, 2 * COUNT)
    assert COUNT - person.deleted <= len(entries) <= COUNT
    for entry in entries:
        assert isinstance(entry.facts, VoicemailFacts)
        number = int(entry.facts.msg_id.partition("-")[2])
        assert entry.audio is not None
        assert (way.folder / "spool" / entry.audio).read_bytes() == sound_of(number)


@pytest.mark.parametrize("what", ["renumbered", "moved", "deleted"])
async def test_a_message_that_goes_elsewhere_while_it_is_sent_arrives_with_its_own_sound(
    way: Way, what: str
) -> None:
    reached = asyncio.Event()

    class Reached(Script):
        def __call__(self, stage: Stage) -> Misbehaviour | None:
            if stage is Stage.ANSWER:
                reached.set()
            return super().__call__(stage)

    stall = Misbehaviour("stall", Stage.ANSWER, then=Then.STALL)
    way.unruly._choose = Reached([stall])
    first, second = way.leave(0, sound=sound_of(0)), way.leave(1, sound=sound_of(1))
    (box(way, "Old")).mkdir()
    assert await way.handover().sweep() == 2
    async with way.delivering():
        await asyncio.wait_for(reached.wait(), 20)
        for text in (first, second):
            audio = text.with_suffix(".wav")
            if what == "deleted":
                audio.unlink()
                text.unlink()
            else:
                folder = box(way, "Old") if what == "moved" else text.parent
                number = {"msg0000": 7, "msg0001": 0}[text.stem]
                audio.rename(folder / f"msg{number:04}.wav")
                text.rename(folder / f"msg{number:04}.txt")
        while (await way.outbox.depth()).waiting:
            await way.hurry()
    assert sorted(audio_of(mail) for mail in way.received()) == sorted(map(sound_of, (0, 1)))
    assert await way.handover().sweep() == 0


async def test_a_recording_still_being_written_is_nobodys_until_its_text_is_there(
    way: Way,
) -> None:
    handover = way.handover()
    inbox = way.leave(0).parent
    assert await handover.sweep() == 1
    half = SPEECH.wav()[:20_000]
    (inbox / "msg0001.wav").write_bytes(half)
    assert await handover.sweep() == 0
    way.leave(1)
    assert await handover.sweep() == 1
    entry = await way.newest()
    assert entry.audio is not None
    assert (way.folder / "spool" / entry.audio).read_bytes() == SPEECH.wav()


class SlowSpool(Spool):
    """On another disk than Asterisk's, and the recording grows after it was copied."""

    grows: Path | None = None

    def secure(self, audio: Path) -> str:
        name = super().secure(audio)
        kept = self.path(name)
        copy = kept.with_suffix(".copy")
        shutil.copy2(kept, copy)  # a file of its own, where a link was made
        copy.replace(kept)
        if self.grows is not None:
            with self.grows.open("ab") as stream:
                stream.write(SPEECH.pcm[:8000])
        return name


async def test_a_copy_of_a_recording_that_grew_meanwhile_is_not_taken_for_the_whole(
    way: Way,
) -> None:
    spool = SlowSpool(way.folder / "spool")
    spool.prepare()
    text = way.leave(0)
    spool.grows = text.with_suffix(".wav")
    with pytest.raises(HandoverFailed, match="changes all the time"):
        await way.handover(spool).sweep()
    assert list((way.folder / "spool").iterdir()) == []
    spool.grows = None  # it is whole now
    assert await way.handover(spool).sweep() == 1
    entry = await way.newest()
    assert entry.state is State.WAITING
    assert entry.audio is not None
    assert spool.path(entry.audio).read_bytes() == text.with_suffix(".wav").read_bytes()
