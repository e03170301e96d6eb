from __future__ import annotations

import asyncio
import errno
import os
from pathlib import Path

import pytest

from ledger.entries import State
from ledger.errors import LedgerUnusable
from ledger.facts import MissedCallFacts, VoicemailFacts
from ledger.outbox import Outbox
from mail.errors import HandoverFailed
from mail.handover import Handover
from mail.missed_calls import CallerId
from mail.spool import Spool
from pbx.numbers import Extension, Mailbox
from tests.mail.house import NOW, House

BOX = Mailbox("1001@default")


async def test_three_hints_for_one_message_are_one_entry(house: House) -> None:
    handover = house.handover()
    house.leave(0)
    taken = await asyncio.gather(handover.mailbox(BOX), handover.sweep(), handover.mailbox(BOX))
    assert sorted(taken) == [0, 0, 1]
    (entry,) = await house.outbox.newest(None, 5)
    facts = entry.facts
    assert isinstance(facts, VoicemailFacts)
    assert (facts.caller_name, facts.caller_number) == ("CallerId", "08120")
    assert (facts.duration, facts.waiting, facts.left_at) == (7, 1, int(NOW))
    assert entry.recipient == "sari@klinik.example"
    assert entry.aftercare == "heard"
    assert house.secured() == [b"RIFF0"]
    assert house.woken == 1


async def test_the_audio_outlives_the_message_on_the_telephone(house: House) -> None:
    text = house.leave(0)
    await house.handover().mailbox(BOX)
    text.unlink()
    text.with_suffix(".wav").unlink()
    (entry,) = await house.outbox.newest(None, 5)
    assert entry.audio is not None
    assert house.spool().path(entry.audio).read_bytes() == b"RIFF0"


async def test_a_renumbered_message_is_not_mailed_again(house: House) -> None:
    handover = house.handover()
    first, second = house.leave(0), house.leave(1)
    assert await handover.mailbox(BOX) == 2
    for suffix in (".wav", ".txt"):
        second.with_suffix(suffix).rename(first.with_suffix(suffix))
    assert await handover.mailbox(BOX) == 0
    assert await handover.sweep() == 0


async def test_audio_that_was_renumbered_away_while_we_took_it_is_not_mixed_up(
    house: House,
) -> None:
    """Between our link and our second look, message 0 is deleted and 1 takes its place."""
    first, second = house.leave(0), house.leave(1)

    async def renumber(_seconds: float) -> None:
        if second.exists():
            for suffix in (".wav", ".txt"):
                second.with_suffix(suffix).rename(first.with_suffix(suffix))

    handover = Handover(
        site=house.site,
        outbox=house.outbox,
        spool=house.spool(),
        now=lambda: NOW,
        pause=renumber,
    )
    await handover.mailbox(BOX)
    await handover.mailbox(BOX)
    (entry,) = await house.outbox.newest(None, 5)
    assert entry.source.endswith("-00000001")
    assert house.secured() == [b"RIFF1"]


async def test_a_message_heard_while_voxpost_was_away_is_still_mailed(house: House) -> None:
    await house.handover().sweep()
    house.leave(0, folder="Old")
    assert await house.handover().sweep() == 1


async def test_what_lay_in_a_mailbox_for_long_before_voxpost_is_recorded_but_not_mailed(
    house: House,
) -> None:
    house.leave(0, at=NOW - 86400)
    house.leave(1, at=NOW - 60)
    assert await house.handover().sweep() == 1
    states = {entry.source[-1]: entry.state for entry in await house.outbox.newest(None, 5)}
    assert states == {"0": State.SKIPPED, "1": State.WAITING}
    house.leave(2, at=NOW - 86400)  # by a clock that was set back, once the mailbox is ours
    assert await house.handover().sweep() == 1


@pytest.mark.parametrize("hidden", ["asterisk", "asterisk/voicemail/default/1001/INBOX"])
async def test_a_mailbox_that_could_not_be_read_at_first_is_not_mailed_whole_once_it_can(
    house: House, hidden: str
) -> None:
    """The spool is not mounted yet, or voxpost is not in Asterisk's group."""
    house.leave(0, at=NOW - 86400)
    house.leave(1, at=NOW - 60)
    there, away = house.folder / hidden, house.folder / "away"
    there.rename(away)
    if hidden != "asterisk":
        there.symlink_to(there)  # a loop: cannot be read, by root neither
        with pytest.raises(HandoverFailed, match="cannot read"):
            await house.handover().mailbox(BOX)
        with pytest.raises(HandoverFailed, match="cannot read"):
            await house.handover().sweep()
        there.unlink()
    else:
        assert await house.handover().sweep() == 0
    away.rename(there)
    assert await house.handover().sweep() == 1
    states = {entry.source[-1]: entry.state for entry in await house.outbox.newest(None, 5)}
    assert states == {"0": State.SKIPPED, "1": State.WAITING}


async def test_a_skipped_message_gets_its_recording_when_it_is_to_be_sent_after_all(
    house: House,
) -> None:
    text = house.leave(0, at=NOW - 86400)
    handover = house.handover()
    await handover.sweep()
    (entry,) = await house.outbox.newest(State.SKIPPED, 5)
    assert house.secured() == []
    for suffix in (".wav", ".txt"):  # heard meanwhile
        old = text.parent.parent / "Old" / "msg0004.txt"
        old.parent.mkdir(exist_ok=True)
        text.with_suffix(suffix).rename(old.with_suffix(suffix))
    audio = await handover.find_audio(entry)
    assert audio is not None
    entry = await house.outbox.retry(entry.id, NOW, audio)
    assert (entry.state, entry.audio) == (State.WAITING, audio)
    assert house.secured() == [b"RIFF0"]
    old.unlink()
    assert await handover.find_audio(entry) is None


async def test_a_person_without_a_mail_account_is_left_alone(house: House) -> None:
    house.leave(0, box="1002")
    house.leave(0, box="7777")
    handover = house.handover()
    assert await handover.sweep() == 0
    assert await handover.mailbox(Mailbox("1002@default")) == 0
    assert await handover.mailbox(Mailbox("../etc@default")) == 0
    assert await house.outbox.newest(None, 5) == []


async def test_a_message_without_audio_is_handed_over_without(house: House) -> None:
    house.leave(0).with_suffix(".wav").unlink()
    assert await house.handover().mailbox(BOX) == 1
    assert (await house.outbox.newest(None, 1))[0].audio is None


async def test_audio_is_copied_where_it_cannot_be_linked(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.EXDEV, "Invalid cross-device link")

    monkeypatch.setattr(os, "link", refuse)
    house.leave(0)
    assert await house.handover().mailbox(BOX) == 1
    assert house.secured() == [b"RIFF0"]


async def test_audio_that_cannot_be_secured_stays_to_be_tried_again_and_harms_no_other(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    handover = house.handover()
    spool_secure = Spool.secure
    full = True

    def secure(self: Spool, audio: Path) -> str:
        if full and audio.name == "msg0000.wav":
            raise OSError(errno.ENOSPC, "No space left on device")
        return spool_secure(self, audio)

    monkeypatch.setattr(Spool, "secure", secure)
    house.leave(0)
    house.leave(1)
    with pytest.raises(HandoverFailed, match=r"msg0000\.wav: No space left on device"):
        await handover.sweep()
    assert len(await house.outbox.newest(None, 5)) == 1
    full = False
    assert await handover.sweep() == 1


async def test_a_mailboxs_first_message_left_while_voxpost_was_down_for_days_is_mailed(
    house: House,
) -> None:
    (house.folder / "asterisk").mkdir()
    await house.handover().sweep()  # nobody has a folder in the spool yet
    house.leave(0, at=NOW + 3600)
    house.now = NOW + 3 * 86400
    assert await house.handover().sweep() == 1


async def test_a_file_that_cannot_be_read_holds_up_no_other_message(house: House) -> None:
    house.people[1]["email"] = "budi@klinik.example"
    house.leave(0)
    house.leave(0, box="1002")
    (house.folder / "asterisk/voicemail/default/1001/INBOX/msg0001.txt").mkdir()
    handover = house.handover()
    with pytest.raises(HandoverFailed, match=r"cannot read .*msg0001\.txt: Is a directory"):
        await handover.sweep()
    assert len(await house.outbox.newest(None, 5)) == 2


async def test_audio_that_comes_a_moment_after_its_text_is_waited_for(house: House) -> None:
    audio = house.leave(0).with_suffix(".wav")
    content = audio.read_bytes()
    audio.unlink()

    async def renamed(_seconds: float) -> None:
        audio.write_bytes(content)

    handover = Handover(
        site=house.site, outbox=house.outbox, spool=house.spool(), now=lambda: NOW, pause=renamed
    )
    assert await handover.mailbox(BOX) == 1
    assert (await house.outbox.newest(None, 1))[0].audio is not None


async def test_a_copy_is_known_by_its_time_also_when_the_clock_was_set_back(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.EXDEV, "Invalid cross-device link")

    monkeypatch.setattr(os, "link", refuse)
    audio = house.leave(0).with_suffix(".wav")
    ahead = audio.stat().st_mtime + 86400
    os.utime(audio, (ahead, ahead))
    assert await house.handover().mailbox(BOX) == 1
    assert (await house.outbox.newest(None, 1))[0].audio is not None


@pytest.mark.parametrize("kind", ["link", "pipe"])
async def test_only_an_ordinary_file_is_taken_for_a_recording(house: House, kind: str) -> None:
    """Asterisk's user must not read our secrets by it, nor hold us up."""
    secret = house.folder / "smtp.secret"
    secret.write_text("password")
    audio = house.leave(0).with_suffix(".wav")
    audio.unlink()
    if kind == "link":
        audio.symlink_to(secret)
    else:
        os.mkfifo(audio)
    with pytest.raises(HandoverFailed, match=r"cannot secure .*msg0000\.wav"):
        await house.handover().mailbox(BOX)
    assert house.secured() == []


async def test_a_ledger_that_refuses_does_not_fill_our_spool(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.leave(0)
    house.leave(1)
    handover = house.handover()

    async def refuse(*_: object) -> None:
        raise LedgerUnusable("disk full")

    with monkeypatch.context() as full:
        full.setattr(Outbox, "add", refuse)
        for _ in range(5):
            with pytest.raises(LedgerUnusable):
                await handover.sweep()
    assert len(house.secured()) == 2
    assert await handover.sweep() == 2
    assert len(house.secured()) == 2


async def test_a_missed_call_that_the_ledger_did_not_take_is_handed_over_later(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = house.missed_calls()

    async def refuse(*_: object) -> None:
        raise LedgerUnusable("disk full")

    with monkeypatch.context() as full:
        full.setattr(Outbox, "add", refuse)
        with pytest.raises(LedgerUnusable):
            await calls.hand_over(Extension("1001"), CallerId("08123", "Ani"), "1.1", NOW)
        with pytest.raises(LedgerUnusable):
            await calls.repeat()
    await calls.repeat()
    await calls.repeat()
    assert len(await house.outbox.newest(None, 5)) == 1


async def test_a_sweep_skips_folders_that_did_not_change(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    handover = house.handover()
    house.leave(0)
    house.now = (house.folder / "asterisk").stat().st_mtime + 3600
    await handover.sweep()
    looked: list[Path] = []
    monkeypatch.setattr("mail.handover.list_folder", lambda folder, *_: looked.append(folder) or [])
    await handover.sweep()
    assert looked == []


async def test_a_missed_call_is_handed_over_once_and_counts_how_often_lately(
    house: House,
) -> None:
    calls = house.missed_calls()
    for number, caller in enumerate(["0812-3456-789", "+628123456789", "08999999999"]):
        assert await calls.hand_over(
            Extension("1001"), CallerId(caller, "Ani"), f"{number}.1", NOW + number
        )
    assert not await calls.hand_over(Extension("1001"), CallerId("08123", ""), "1.1", NOW)
    facts = [entry.facts for entry in await house.outbox.newest(None, 5)]
    assert [fact.recent for fact in facts if isinstance(fact, MissedCallFacts)] == [1, 2, 1]


async def test_no_missed_call_is_mailed_to_who_does_not_want_it(house: House) -> None:
    house.people[0]["missed_calls"] = False
    calls = house.missed_calls()
    for extension in ("1001", "1002", "9999"):
        assert not await calls.hand_over(Extension(extension), CallerId("08", ""), "1.1", NOW)
