"""Read is heard, on real parts: the lamp of the telephone follows the mail, and back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from lab.speech import from_prompt
from tests.dialplan_templates.sip_phone import SipPhone
from tests.whole.whole_site import Parts, Whole

ALICE = "alice@lab.example"
BOX = "1001@default"


@pytest.fixture
async def whole(parts: Parts) -> AsyncIterator[Whole]:
    (parts.folder / "alice.imap").write_text("alice-password\n")
    server = parts.mail
    await server.clear(ALICE)
    imap = f'host = "localhost", port = {server.ports.imaps}'
    people = f"""
[[people]]
extension = "1001"
name = "Alice"
email = "{ALICE}"
imap_password_file = "alice.imap"
phone = {{ password = "alice-telephone" }}
voicemail = {{ pin = "4321", read_is_heard = true, when_deleted = "delete" }}
"""
    mail = f'imap = {{ {imap}, ca_file = "{server.certificates.ca_file}" }}'
    async with parts.running(people, ["1001"], mail) as whole:
        yield whole


async def leave_message(whole: Whole) -> None:
    await whole.leave_message("1001", from_prompt(whole.asterisk.sounds_dir, 3.0))


async def read_flag(whole: Whole, seen: bool) -> None:
    async with asyncio.timeout(30):
        while [it.seen for it in await whole.mail.mails(ALICE)] != [seen]:
            await asyncio.sleep(0.1)


async def listen(whole: Whole) -> None:
    """Hear the first new message by telephone; it is heard once the call is over."""
    heard = whole.asterisk.spool_dir / "voicemail/default/1001/Old"
    for seconds in (8, 16, 32):
        await whole.asterisk.rx(
            f"channel originate Local/*43@voxpost-services application VoiceMailMain {BOX},sa(0)"
        )
        await asyncio.sleep(seconds)  # the prompts before the message; nothing tells of them
        await whole.asterisk.rx("channel request hangup all")
        async with asyncio.timeout(10):
            while "0 active channels" not in await whole.asterisk.rx("core show channels"):
                await asyncio.sleep(0.1)
        if list(heard.glob("msg*.txt")):
            return
    raise AssertionError("the message was not heard")


async def test_the_lamp_follows_the_mail_and_the_mail_follows_the_telephone(whole: Whole) -> None:
    await leave_message(whole)  # nobody registered yet: it does not ring first
    (mail,) = await whole.mail.wait_for_mail(ALICE, 1)
    assert not mail.seen
    alice = whole.mail.users[ALICE]

    port = whole.asterisk.ports.sip
    async with SipPhone(port, "phone-1001", "alice-telephone") as telephone:
        await telephone.register()
        await telephone.lamp_says(new=1, old=0)

        await whole.mail.reader.flag(alice, mail.uid)
        await telephone.lamp_says(new=0, old=1)

        await whole.mail.reader.flag(alice, mail.uid, remove=True)
        await telephone.lamp_says(new=1, old=0)

        await listen(whole)
        await telephone.lamp_says(new=0, old=1)
        await read_flag(whole, seen=True)

        await whole.mail.clear(ALICE)
        await telephone.lamp_says(new=0, old=0)
        assert not telephone.has_rung
    assert not list((whole.asterisk.spool_dir / "voicemail/default/1001").glob("*/msg*"))
