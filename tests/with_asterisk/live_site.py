"""A whole site on one machine: generated configuration, a real Asterisk, a mail server."""

from __future__ import annotations

import asyncio
import shutil
import time
from dataclasses import dataclass
from pathlib import Path

from lab.asterisk import PrivateAsterisk
from lab.maildir import MaildirServer, ReceivedMail
from lab.phone import Login
from lab.prompts import greet
from lab.site_sections import phones_section
from lab.speech import from_prompt
from tests.cli.site_folder import voxpost

CALLER = Login("phone-1004", "caller-s3cret-words")
AMI_SECRET = "live-ami-s3cret"
PEOPLE = (("1001", "keep"), ("1002", "heard"), ("1003", "delete"))


@dataclass
class LiveSite:
    """The site's folder, its Asterisk and the ports that are ours."""

    asterisk: PrivateAsterisk
    smtp_port: int
    http_port: int

    @property
    def folder(self) -> Path:
        return self.asterisk.run_dir

    @property
    def file(self) -> Path:
        return self.folder / "site.toml"

    def write(
        self,
        *,
        state: str = "state",
        secret: str = AMI_SECRET,
        version: str = "22",
        hours: str = "mon-sun 00:00-24:00",
    ) -> None:
        """Write the site file. 1001 keeps messages, 1002 marks them heard, 1003 deletes them."""
        ports = self.asterisk.ports
        people = "".join(
            f'[[people]]\nextension = "{number}"\nname = "Person {number}"\n'
            f'email = "{number}@klinik.example"\n'
            f'voicemail = {{ pin = "4242", after_delivery = "{after}" }}\n'
            for number, after in PEOPLE
        )
        self.file.write_text(
            f"""\
[site]
name = "Klinik Sehat"
domain = "klinik.example"
language = "en"
[asterisk]
version = {version}
config_dir = "etc"
spool_dir = "spool"
log_dir = "log"
ami = {{ port = {ports.ami}, secret = "{secret}", apply_secret = "live-apply-s3cret" }}
agi = {{ port = {ports.agi} }}
[mail]
smtp = {{ host = "127.0.0.1", port = {self.smtp_port}, security = "plain" }}
from = "Voicemail <voicemail@klinik.example>"
{phones_section(ports)}[service]
state_dir = "{state}"
http_port = {self.http_port}
[voicemail]
min_seconds = 1
[office]
hours = ["{hours}"]
open_destination = "1002"
closed_destination = "1001"
{people}
[[people]]
extension = "1004"
name = "The caller"
voicemail = false
phone = {{ password = "{CALLER.password}" }}
"""
        )

    def configure(self) -> None:
        """Write Asterisk's configuration as an administrator does, and short greetings."""
        self.asterisk.prepare()
        self.write()
        done = voxpost("generate-config", "--site", self.file, "--output", self.asterisk.etc_dir)
        assert done.returncode == 0, done.stderr
        for number, _ in PEOPLE:
            greet(self.asterisk, number, from_prompt(self.asterisk.sounds_dir, 0.2, "beep"))

    def mail_server(self) -> MaildirServer:
        return MaildirServer(self.folder / "mail", self.smtp_port)

    def begin(self, state: str, **options: str) -> None:
        """Begin a test: empty mailboxes, a ledger of its own."""
        for number, _ in PEOPLE:
            for folder in ("INBOX", "Old", "tmp"):
                box = self.asterisk.spool_dir / "voicemail/default" / number / folder
                shutil.rmtree(box, ignore_errors=True)
        self.write(state=state, **options)

    def inbox(self, number: str, folder: str = "INBOX") -> list[Path]:
        """The messages of a mailbox."""
        box = self.asterisk.spool_dir / "voicemail/default" / number / folder
        return sorted(box.glob("msg*.txt"))

    async def speak(self, number: str) -> None:
        """Call a number from outside and speak over the greeting and beyond."""
        said = await self.asterisk.rx(
            f"channel originate Local/{number}@voxpost-incoming/n application Playback "
            "demo-congrats"
        )
        assert said == ""

    def leave_by_hand(self, number: str) -> None:
        """Put a message into a mailbox as Asterisk does."""
        inbox = self.asterisk.spool_dir / "voicemail/default" / number / "INBOX"
        inbox.mkdir(parents=True, exist_ok=True)
        sound = from_prompt(self.asterisk.sounds_dir, 1.0).wav()
        (inbox / "msg0000.wav").write_bytes(sound)
        now = time.time()
        text = f"[message]\ncallerid=0812\norigtime={now:.0f}\nduration=1\nmsg_id={now:.0f}-hand\n"
        (inbox / "msg.partial").write_text(text)
        (inbox / "msg.partial").rename(inbox / "msg0000.txt")

    async def status(self) -> str:
        """What `voxpost status` says."""
        return (await asyncio.to_thread(voxpost, "status", "--site", self.file)).stdout


async def mail_for(server: MaildirServer, number: str, *, seconds: float = 30) -> ReceivedMail:
    """The first mail to this person."""
    recipient = f"{number}@klinik.example"
    return await server.wait_for_message(lambda mail: mail.recipient == recipient, seconds)
