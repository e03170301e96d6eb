"""The whole way on real parts: a SIP call, Asterisk, voxpost, Postfix, Dovecot, IMAP."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from email.message import EmailMessage
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
from lab.speech import Speech, from_prompt, read_audio
from lab.zimbra_like import ZimbraLike

SENDER = MailUser("voicemail@lab.example", "voicemail-password")
SPEECH = 4.0
CALLER_PASSWORD = "caller-password"
PEOPLE = {
    "1001": ("alice@lab.example", "wav", "id"),
    "1002": ("bob@lab.example", "mp3", "en"),
    "1003": ("alice@lab.example", "opus", "en"),
}


@dataclass
class Whole:
    asterisk: PrivateAsterisk
    mail: ZimbraLike
    phone: Phone
    folder: Path

    async def leave_message(self, extension: str, speech: Speech) -> None:
        result = await self.phone.call(
            extension,
            self.asterisk.ports.sip,
            speech=speech,
            speak_after=self.greeting_seconds(),
            login=Login("phone-1009", CALLER_PASSWORD),
        )
        assert result.answered, result.words

    def greeting_seconds(self) -> float:
        """Until the beep is over: Answer(500), the person's own greeting, the instructions."""
        sounds = self.asterisk.sounds_dir
        prompts = sum(
            read_audio(sounds / f"{name}.gsm", "gsm").seconds for name in ("vm-intro", "beep")
        )
        return 0.5 + 0.5 + prompts + 0.7


def site_text(asterisk: PrivateAsterisk, version: str, mail: ZimbraLike, http_port: int) -> str:
    ports = asterisk.ports
    people = "".join(
        f"""
[[people]]
extension = "{extension}"
name = "Person {extension}"
email = "{email}"
language = "{language}"
voicemail = {{ pin = "4321", attach = "{attach}" }}
"""
        for extension, (email, attach, language) in PEOPLE.items()
    )
    return f"""
[site]
name = "Klinik Sehat"
domain = "lab.example"

{asterisk_section(asterisk, version, 'secret = "ami-secret-1", apply_secret = "ami-secret-2"')}
[mail]
from = "Voicemail <{SENDER.address}>"
smtp = {submission_table(mail, SENDER)}

{phones_section(ports)}
[service]
state_dir = "state"
http_port = {http_port}
{people}
[[people]]
extension = "1009"
name = "José Ñandú"
voicemail = false
phone = {{ password = "{CALLER_PASSWORD}" }}
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
    folder = short_folder / f"whole{request.param}"
    folder.mkdir()
    asterisk = PrivateAsterisk(tree, folder / "pbx", AsteriskPorts.pick(port_finder))
    asterisk.prepare()
    site = folder / "site.toml"
    site.write_text(site_text(asterisk, request.param, mail_server, port_finder.one()))
    voxpost = [sys.executable, "-m", "cli"]
    code, words = await run_program(
        [*voxpost, "generate-config", "--site", str(site), "--output", str(asterisk.etc_dir)]
    )
    assert code == 0, words
    for extension in PEOPLE:
        greeting = asterisk.spool_dir / "voicemail/default" / extension / "unavail.wav"
        greeting.parent.mkdir(parents=True)
        greeting.write_bytes(from_prompt(asterisk.sounds_dir, 0.5, "vm-isunavail").wav())
    log = folder / "voxpost.log"
    command = [*voxpost, "run", "--site", str(site)]
    async with asterisk:
        try:
            async with service("voxpost", command, log):
                yield Whole(asterisk, mail_server, phone, folder)
        finally:
            sys.stdout.write(log.read_text())


def recording_of(mail: EmailMessage, folder: Path) -> tuple[str, Speech]:
    (part,) = mail.iter_attachments()
    file = folder / str(part.get_filename())
    content = part.get_content()
    assert isinstance(content, bytes)
    file.write_bytes(content)
    assert part.get_content_disposition() == "inline"
    return part.get_content_type(), read_audio(file)


async def test_speech_on_the_telephone_is_the_recording_in_the_mail_account(whole: Whole) -> None:
    for address in ("alice@lab.example", "bob@lab.example"):
        await whole.mail.clear(address)
    spoken = from_prompt(whole.asterisk.sounds_dir, SPEECH)
    async with asyncio.TaskGroup() as calls:
        for extension in PEOPLE:
            calls.create_task(whole.leave_message(extension, spoken))
    alice = await whole.mail.wait_for_mail("alice@lab.example", 2)
    bob = await whole.mail.wait_for_mail("bob@lab.example", 1)
    types = {}
    for found in (*alice, *bob):
        mail = found.message
        kind, heard = recording_of(mail, whole.folder)
        types[mail["X-Voxpost-Mailbox"]] = kind
        assert heard.seconds == pytest.approx(spoken.seconds, abs=1.2)
        assert heard.loudness == pytest.approx(spoken.loudness, abs=3)
        assert "José Ñandú" in str(mail["Subject"])
        assert mail["From"] == "Voicemail <voicemail@lab.example>"
    assert types == {"1001": "audio/x-wav", "1002": "audio/mpeg", "1003": "audio/ogg"}
    indonesian = next(it.message for it in alice if it.message["X-Voxpost-Mailbox"] == "1001")
    body = indonesian.get_body(("plain",))
    assert body is not None
    assert "pesan suara" in body.get_content()
