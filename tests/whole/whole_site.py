"""Asterisk, voxpost and the mail server together, on one site."""

import sys
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from lab.accounts import MailUser
from lab.asterisk import PrivateAsterisk
from lab.packages import PackageTree
from lab.phone import Login, Phone
from lab.ports import AsteriskPorts, PortFinder
from lab.prompts import greet
from lab.services import service
from lab.site_sections import (
    asterisk_section,
    caller_section,
    head,
    phones_section,
    submission_table,
)
from lab.speech import Speech, from_prompt, read_audio
from lab.voxpost import VoxpostSite
from lab.zimbra_like import ZimbraLike

SENDER = MailUser("voicemail@lab.example", "voicemail-password")
_AMI_SECRET = "ami-secret-1"
_CALLER = Login("phone-1009", "caller-password")


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
            speak_after=self._greeting_seconds(),
            login=_CALLER,
        )
        assert result.answered, result.words

    def _greeting_seconds(self) -> float:
        """Until the beep is over: Answer(500), the person's own greeting, the instructions."""
        sounds = self.asterisk.sounds_dir
        prompts = (read_audio(sounds / f"{it}.gsm", "gsm") for it in ("vm-intro", "beep"))
        return 0.5 + 0.5 + sum(prompt.seconds for prompt in prompts) + 0.7


@dataclass
class Parts:
    """What a whole site is made of. version: Asterisk's."""

    version: str
    tree: PackageTree
    mail: ZimbraLike
    phone: Phone
    finder: PortFinder
    folder: Path

    @asynccontextmanager
    async def running(
        self, people: str, boxes: Iterable[str], mail: str = ""
    ) -> AsyncIterator[Whole]:
        """Configured by generate-config, and started.

        people: their tables. boxes: who gets a short greeting. mail: more lines of `[mail]`.
        """
        asterisk = PrivateAsterisk(self.tree, self.folder / "pbx", AsteriskPorts.pick(self.finder))
        asterisk.prepare()
        site = VoxpostSite(self.folder)
        site.file.write_text(self._site_text(asterisk, people, mail))
        await site.command("generate-config", "--output", str(asterisk.etc_dir))
        for box in boxes:
            greet(asterisk, box, from_prompt(asterisk.sounds_dir, 0.5, "vm-isunavail"))
        async with asterisk:
            try:
                async with service("voxpost", site.words("run"), site.log_file):
                    yield Whole(asterisk, self.mail, self.phone, self.folder)
            finally:
                sys.stdout.write(site.log_file.read_text())

    def _site_text(self, asterisk: PrivateAsterisk, people: str, mail: str) -> str:
        secrets = f'secret = "{_AMI_SECRET}", apply_secret = "ami-secret-2"'
        return f"""
{head(self.finder.one())}
{asterisk_section(asterisk, self.version, secrets)}
[mail]
from = "Voicemail <{SENDER.address}>"
smtp = {submission_table(self.mail, SENDER)}
{mail}

{phones_section(asterisk.ports)}
{people}
{caller_section(_CALLER)}"""
