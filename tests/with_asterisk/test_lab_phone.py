"""Calls by the lab's phone, with real sound, into real Asterisks."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from lab import speech
from lab.errors import LabError
from lab.minimal_config import DEVICE, DEVICE_PASSWORD
from lab.phone import Login

LOGIN = Login(DEVICE, DEVICE_PASSWORD)


async def _recorded(folder: Path) -> list[speech.Speech]:
    # The wav is renamed into the mailbox after the call; Asterisk says when over AMI, which
    # is not what is tested here.
    async with asyncio.timeout(10):
        while not list(folder.glob("*.txt")):
            await asyncio.sleep(0.05)
    return [speech.read_audio(file) for file in folder.glob("*.wav")]


async def test_a_call_leaves_a_voicemail_as_long_and_as_loud_as_what_was_said(
    any_asterisk: Any, phone: Any
) -> None:
    folder = any_asterisk.mailbox_dir("6001")
    for old in folder.glob("msg*"):
        old.unlink()
    said = speech.from_prompt(any_asterisk.sounds_dir, 4)
    # The beep comes first; what is said meanwhile is not recorded.
    result = await phone.call("6001", any_asterisk.sip_port, speech=said, speak_after=0.6)
    assert result.answered
    assert result.finished, result.words
    assert result.seconds == pytest.approx(4.6, abs=0.3)
    [recorded] = await _recorded(folder)
    assert recorded.seconds == pytest.approx(said.seconds, abs=0.5)
    assert recorded.loudness == pytest.approx(said.loudness, abs=1.5)


async def test_a_name_with_accents_reaches_the_mailbox(any_asterisk: Any, phone: Any) -> None:
    folder = any_asterisk.mailbox_dir("6002")
    for old in folder.glob("msg*"):
        old.unlink()
    await phone.call(
        *("6002", any_asterisk.sip_port),
        caller_name="José Müller",
        caller_number="+4930123",
        hangup_after=2.5,
    )
    await _recorded(folder)
    assert 'callerid="José Müller" <+4930123>' in (folder / "msg0000.txt").read_text()


async def test_a_caller_may_give_up_while_it_rings(any_asterisk: Any, phone: Any) -> None:
    result = await phone.call("105", any_asterisk.sip_port, give_up_after=0.2)
    assert (result.code, result.finished, result.answered) == (487, True, False)


async def test_a_wrong_number_is_refused_with_its_code(any_asterisk: Any, phone: Any) -> None:
    result = await phone.call("999", any_asterisk.sip_port)
    assert (result.code, result.finished) == (404, True)


async def test_asterisk_may_hang_up_first(any_asterisk: Any, phone: Any) -> None:
    result = await phone.call("100", any_asterisk.sip_port, hangup_after=20)
    assert (result.code, result.finished) == (200, True)
    assert result.seconds < 5


async def test_a_call_to_nobody_ends_in_time_and_says_so(phone: Any, port_finder: Any) -> None:
    result = await phone.call("100", port_finder.one(), answer_within=0.3)
    assert (result.code, result.finished) == (None, False)
    assert result.words


async def test_a_phone_rings_answers_and_is_hung_up(any_asterisk: Any, phone: Any) -> None:
    port = any_asterisk.ports.phone
    async with phone.answering(port, ring_for=0.2) as call:
        result = await phone.call("104", any_asterisk.sip_port, hangup_after=0.5)
        taken = await call
    assert result.answered
    assert (taken.code, taken.finished) == (200, True)


async def test_a_phone_may_ring_until_the_caller_gives_up(any_asterisk: Any, phone: Any) -> None:
    port = any_asterisk.ports.phone
    async with phone.answering(port, answers=False) as call:
        result = await phone.call("104", any_asterisk.sip_port, give_up_after=0.3)
        missed = await call
    assert result.code == 487
    assert (missed.code, missed.finished) == (487, True)


async def test_a_device_that_registered_can_be_called(any_asterisk: Any, phone: Any) -> None:
    port = any_asterisk.ports.phone
    await phone.register(LOGIN, any_asterisk.sip_port, port)
    async with phone.answering(port) as call:
        result = await phone.call("106", any_asterisk.sip_port, hangup_after=0.3)
        taken = await call
    await phone.register(LOGIN, any_asterisk.sip_port, port, expires=0)
    assert (result.code, taken.code) == (200, 200)
    assert "Unavail" in await any_asterisk.rx(f"pjsip show endpoint {DEVICE}")


async def test_a_device_calls_with_its_password(any_asterisk: Any, phone: Any) -> None:
    result = await phone.call("100", any_asterisk.sip_port, login=LOGIN)
    assert (result.code, result.finished) == (200, True)


async def test_a_device_may_give_up_too(any_asterisk: Any, phone: Any) -> None:
    result = await phone.call("105", any_asterisk.sip_port, login=LOGIN, give_up_after=0.2)
    assert (result.code, result.finished) == (487, True)


async def test_a_wrong_password_neither_registers_nor_calls(any_asterisk: Any, phone: Any) -> None:
    wrong = Login(DEVICE, "wrong")
    with pytest.raises(LabError, match="could not register"):
        await phone.register(wrong, any_asterisk.sip_port, any_asterisk.ports.phone)
    result = await phone.call("100", any_asterisk.sip_port, login=wrong)
    assert not result.answered
