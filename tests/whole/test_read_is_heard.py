"""Read is heard, on real parts: the lamp of the telephone follows the mail, and back."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from lab.accounts import MailUser
from lab.asterisk import PrivateAsterisk
from lab.packages import PackageTree
from lab.phone import Login, Phone
from lab.ports import AsteriskPorts, PortFinder
from lab.processes import run_program
from lab.services import service
from lab.site_sections import asterisk_section, phones_section, submission_table
from lab.speech import from_prompt, read_audio
from lab.zimbra_like import ZimbraLike
from tests.dialplan_templates.sip_phone import SipPhone

ALICE = "alice@lab.example"
SENDER = MailUser("voicemail@lab.example", "voicemail-password")
BOX = "1001@default"
AMI_SECRET = "ami-secret-1"


@dataclass
class Whole:
    asterisk: PrivateAsterisk
    mail: ZimbraLike
    phone: Phone

    async def leave_message(self) -> None:
        spoken = from_prompt(self.asterisk.sounds_dir, 3.0)
        result = await self.phone.call(
            "1001",
            self.asterisk.ports.sip,
            speech=spoken,
            speak_after=self.greeting_seconds(),
            login=Login("phone-1009", "caller-password"),
        )
        assert result.answered, result.words

    def greeting_seconds(self) -> float:
        """Until the beep is over: the person's own greeting, then the instructions."""
        sounds = self.asterisk.sounds_dir
        prompts = (read_audio(sounds / f"{it}.gsm", "gsm") for it in ("vm-intro", "beep"))
        return 1.7 + sum(prompt.seconds for prompt in prompts)

    async def read_flag(self, seen: bool) -> None:
        async with asyncio.timeout(30):
            while [it.seen for it in await self.mail.mails(ALICE)] != [seen]:
                await asyncio.sleep(0.1)

    async def listen(self) -> None:
        """Hear the first new message by telephone; it is heard once the call is over."""
        heard = self.asterisk.spool_dir / "voicemail/default/1001/Old"
        for seconds in (8, 16, 32):
            await self.asterisk.rx(
                f"channel originate Local/*43@voxpost-services application "
                f"VoiceMailMain {BOX},sa(0)"
            )
            await asyncio.sleep(seconds)  # the prompts before the message; nothing tells of them
            await self.asterisk.rx("channel request hangup all")
            async with asyncio.timeout(10):
                while "0 active channels" not in await self.asterisk.rx("core show channels"):
                    await asyncio.sleep(0.1)
            if list(heard.glob("msg*.txt")):
                return
        raise AssertionError("the message was not heard")


def site_text(
    asterisk: PrivateAsterisk, version: str, mail: ZimbraLike, folder: Path, port: int
) -> str:
    ports = asterisk.ports
    secrets = f'secret = "{AMI_SECRET}", apply_secret = "ami-secret-2"'
    (folder / "alice.imap").write_text("alice-password\n")
    return f"""
[site]
name = "Klinik Sehat"
domain = "lab.example"

{asterisk_section(asterisk, version, secrets)}
[mail]
from = "Voicemail <{SENDER.address}>"
smtp = {submission_table(mail, SENDER)}
imap = {{ host = "localhost", port = {mail.ports.imaps}, ca_file = "{mail.certificates.ca_file}" }}

{phones_section(ports)}
[service]
state_dir = "state"
http_port = {port}

[[people]]
extension = "1001"
name = "Alice"
email = "{ALICE}"
imap_password_file = "alice.imap"
phone = {{ password = "alice-telephone" }}
voicemail = {{ pin = "4321", read_is_heard = true, when_deleted = "delete" }}

[[people]]
extension = "1009"
name = "José Ñandú"
voicemail = false
phone = {{ password = "caller-password" }}
"""


@pytest.fixture(params=["22", "16"])
async def whole(
    request: pytest.FixtureRequest,
    mail_server: ZimbraLike,
    phone: Phone,
    port_finder: PortFinder,
    short_folder: Path,
) -> AsyncIterator[Whole]:
    tree: PackageTree = request.getfixturevalue(f"asterisk{request.param}_tree")
    folder = short_folder / f"read{request.param}"
    folder.mkdir()
    asterisk = PrivateAsterisk(tree, folder / "pbx", AsteriskPorts.pick(port_finder))
    asterisk.prepare()
    site = folder / "site.toml"
    site.write_text(site_text(asterisk, request.param, mail_server, folder, port_finder.one()))
    voxpost = [sys.executable, "-m", "cli"]
    code, words = await run_program(
        [*voxpost, "generate-config", "--site", str(site), "--output", str(asterisk.etc_dir)]
    )
    assert code == 0, words
    greeting = asterisk.spool_dir / "voicemail/default/1001/unavail.wav"
    greeting.parent.mkdir(parents=True)
    greeting.write_bytes(from_prompt(asterisk.sounds_dir, 0.5, "vm-isunavail").wav())
    await mail_server.clear(ALICE)
    log = folder / "voxpost.log"
    command = [*voxpost, "run", "--site", str(site)]
    async with asterisk:
        try:
            async with service("voxpost", command, log):
                yield Whole(asterisk, mail_server, phone)
        finally:
            sys.stdout.write(log.read_text())


async def test_the_lamp_follows_the_mail_and_the_mail_follows_the_telephone(whole: Whole) -> None:
    await whole.leave_message()  # nobody registered yet: it does not ring first
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

        await whole.listen()
        await telephone.lamp_says(new=0, old=1)
        await whole.read_flag(seen=True)

        await whole.mail.clear(ALICE)
        await telephone.lamp_says(new=0, old=0)
        assert not telephone.has_rung
    assert not list((whole.asterisk.spool_dir / "voicemail/default/1001").glob("*/msg*"))
