"""What was deleted on the telephone stays for a week, in case its message comes back; the rest
is forgotten after `keep_days`, but for what still lies on the telephone."""

from __future__ import annotations

import shutil

from ledger.entries import End, NewEntry, State
from ledger.facts import MissedCallFacts, VoicemailFacts
from mail.retention import KEPT
from tests.mail.house import NOW, House

YEAR = 365 * 86400.0


async def keep(house: House, number: int, state: State, settled: float) -> str:
    audio = f"{number}.wav"
    house.spool().path(audio).write_bytes(b"RIFF")
    facts = VoicemailFacts("1001@default", str(number), "08", "", 1, 7, 1)
    source = f"voicemail:1001@default:{number}"
    entry = NewEntry(source, "1001", "s@x.example", f"<{number}@x>", facts, audio)
    await house.outbox.add([entry], settled)
    await house.outbox.settle([End(number, state, audio=audio)], settled)
    return audio


async def test_a_recording_goes_a_week_after_its_message(house: House) -> None:
    old = await keep(house, 1, State.DELIVERED, NOW - KEPT - 1)
    young = await keep(house, 2, State.DELIVERED, NOW - KEPT + 1)
    failed = await keep(house, 3, State.FAILED, NOW - KEPT - 1)
    assert await house.retention().remove_old() == 1
    assert not house.spool().path(old).exists()
    assert await house.outbox.audio_in_use() == {young, failed}
    assert (await house.outbox.show(1)).audio is None


async def test_a_message_that_came_back_keeps_its_recording(house: House) -> None:
    audio = await keep(house, 1, State.DELIVERED, NOW - KEPT - 1)
    await house.outbox.bounced("<1@x>", "5.1.1 unknown user")
    assert await house.retention().remove_old() == 0
    assert house.spool().path(audio).exists()
    assert (await house.outbox.retry(1, NOW)).audio == audio


async def handed_over(house: House) -> None:
    """Two messages on the telephone, delivered, and a missed call."""
    house.leave(0)
    house.leave(1)
    assert await house.handover().sweep() == 2
    missed = NewEntry("call:1", "1001", "s@x.example", "<c@x>", MissedCallFacts("08", "", 1, 1))
    await house.outbox.add([missed], NOW)
    await house.outbox.settle([End(number, State.DELIVERED) for number in (1, 2, 3)], NOW)


async def remaining(house: House) -> list[int]:
    return sorted(it.id for it in await house.outbox.newest(None, 10))


async def test_mails_are_forgotten_after_keep_days(house: House) -> None:
    await handed_over(house)
    shutil.rmtree(house.folder / "asterisk/voicemail/default/1001")
    house.now = NOW + YEAR - 1
    await house.retention().forget_old()
    assert await remaining(house) == [1, 2, 3]
    house.now = NOW + YEAR + 1
    await house.retention().forget_old()
    assert await remaining(house) == []


async def test_what_lies_on_the_telephone_is_remembered_and_so_not_mailed_again(
    house: House,
) -> None:
    await handed_over(house)
    box = house.folder / "asterisk/voicemail/default/1001"
    (box / "Family").mkdir()
    for suffix in (".wav", ".txt"):
        (box / f"INBOX/msg0000{suffix}").unlink()
        (box / f"INBOX/msg0001{suffix}").rename(box / f"Family/msg0000{suffix}")
    house.now = NOW + YEAR + 1
    await house.retention().forget_old()
    assert await remaining(house) == [2]
    for suffix in (".wav", ".txt"):
        (box / f"Family/msg0000{suffix}").rename(box / f"INBOX/msg0000{suffix}")
    assert await house.handover().sweep() == 0


async def test_no_voicemail_is_forgotten_while_the_telephone_cannot_be_looked_at(
    house: House,
) -> None:
    await handed_over(house)
    lock = house.folder / "asterisk/voicemail/default/1001/INBOX/.lock"
    lock.touch()  # a message is being moved
    shutil.copytree(house.folder / "asterisk", house.folder / "away")
    house.now = NOW + YEAR + 1
    await house.retention().forget_old()
    assert await remaining(house) == [1, 2]
    shutil.rmtree(house.folder / "asterisk")  # not mounted
    await house.retention().forget_old()
    assert await remaining(house) == [1, 2]


async def test_what_lies_on_a_disk_that_was_not_mounted_for_a_while_is_not_mailed_again(
    house: House,
) -> None:
    """The voicemail folder is where it is mounted: it is there all the same, and empty."""
    await handed_over(house)
    there, away = house.folder / "asterisk/voicemail", house.folder / "away"
    there.rename(away)
    there.mkdir()
    house.now = NOW + YEAR + 1
    await house.retention().forget_old()
    there.rmdir()
    away.rename(there)
    assert await house.handover().sweep() == 0


async def test_the_recording_of_a_failed_mail_goes_with_it(house: House) -> None:
    audio = await keep(house, 1, State.FAILED, NOW)
    (house.folder / "asterisk/voicemail/default").mkdir(parents=True)
    house.now = NOW + YEAR + 1
    await house.retention().forget_old()
    assert await remaining(house) == []
    assert not house.spool().path(audio).exists()


async def test_it_looks_once_a_day(house: House) -> None:
    await handed_over(house)
    shutil.rmtree(house.folder / "asterisk/voicemail/default/1001")
    retention = house.retention()
    house.now = NOW + YEAR - 1
    await retention.forget_old()
    house.now += 3600
    await retention.forget_old()
    assert await remaining(house) == [1, 2, 3]
    house.now += 86400
    await retention.forget_old()
    assert await remaining(house) == []
