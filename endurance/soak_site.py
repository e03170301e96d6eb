"""The site that is soaked: Asterisk on generated files, Postfix and Dovecot, voxpost itself."""

from __future__ import annotations

import os
import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from endurance.soak_link import Link
from lab.accounts import MailUser
from lab.asterisk import PrivateAsterisk
from lab.errors import LabError
from lab.mail_ports import MailPorts
from lab.packages import PackageTree
from lab.phone import Login
from lab.ports import AsteriskPorts, PortFinder
from lab.processes import Child
from lab.prompts import greet
from lab.services import start_service
from lab.site_sections import (
    DOMAIN,
    asterisk_section,
    caller_section,
    head,
    mailbox_section,
    phones_section,
    submission_table,
)
from lab.speech import from_prompt
from lab.voxpost import VoxpostSite
from lab.zimbra_like import ZimbraLike

CALLER = Login("phone-1009", "caller-password")
MAIN_NUMBER = "100"
PEOPLE = {"1001": "keep", "1002": "heard", "1003": "keep", "1004": "delete"}
"""Who has a mailbox, and what becomes of a recording once it is delivered."""

_SENDER = MailUser(f"voicemail@{DOMAIN}", "voicemail-password")
_STOP_WITHIN = 30.0  # seconds; longer than voxpost gives what is on the wire


@dataclass
class SoakSite(VoxpostSite):
    """Every part of it. lives: the ended lives of voxpost, with their exit codes."""

    asterisk: PrivateAsterisk
    mail: ZimbraLike
    link: Link
    http_port: int
    lives: list[int] = field(default_factory=list)
    _voxpost: Child | None = None

    @property
    def pid(self) -> int:
        """The process id of voxpost. Raises LabError when it ended by itself."""
        if self._voxpost is None or not self._voxpost.is_running():
            raise LabError(f"voxpost does not run; its log is {self.log_file}")
        return self._voxpost.pid

    def address(self, extension: str) -> str:
        return f"{extension}@{DOMAIN}"

    async def start_voxpost(self) -> None:
        """Start it and wait until it is ready. Raises DidNotStart."""
        words = self.words("run", "--log", "json")
        self._voxpost = await start_service("voxpost", words, self.log_file)

    async def stop_voxpost(self) -> None:
        """End it with SIGTERM, and note how it ended."""
        if self._voxpost is not None:
            await self._voxpost.stop(_STOP_WITHIN)
            self.lives.append(await self._voxpost.ended())
            self._voxpost = None

    def reread(self) -> None:
        """Tell voxpost to read its site file anew."""
        os.kill(self.pid, signal.SIGHUP)

    async def configure(self) -> None:
        """Write the site file and Asterisk's files, then lead voxpost's manager over the link."""
        self.asterisk.prepare()
        text = _site_text(self.asterisk, self.mail, self.http_port)
        self.file.write_text(text)
        await self.command("generate-config", "--output", str(self.asterisk.etc_dir))
        ours = f"ami = {{ port = {self.asterisk.ports.ami},"
        assert ours in text
        self.file.write_text(text.replace(ours, f"ami = {{ port = {self.link.port},"))
        for extension in PEOPLE:
            greet(self.asterisk, extension, from_prompt(self.asterisk.sounds_dir, 0.2, "beep"))


@asynccontextmanager
async def soak_site(folder: Path, finder: PortFinder, tree: PackageTree) -> AsyncIterator[SoakSite]:
    """Set it up, run it, end it. Needs root.

    folder: new, with a short path, and others may enter. Raises LabError.
    """
    asterisk = PrivateAsterisk(tree, folder / "pbx", AsteriskPorts.pick(finder, rtp=200))
    users = [_SENDER, *(MailUser(f"{it}@{DOMAIN}", "account-password") for it in PEOPLE)]
    mail = ZimbraLike(folder / "mail", MailPorts.pick(finder), users, one_at_a_time=True)
    link = Link(finder.one(), asterisk.ports.ami)
    site = SoakSite(folder, asterisk, mail, link, finder.one())
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(mail)
        await site.configure()
        await stack.enter_async_context(asterisk)
        await stack.enter_async_context(link)
        stack.push_async_callback(site.stop_voxpost)
        await site.start_voxpost()
        yield site


def _site_text(asterisk: PrivateAsterisk, mail: ZimbraLike, http_port: int) -> str:
    people = "\n".join(mailbox_section(*it) for it in PEOPLE.items())
    return f"""\
{head(http_port)}
{asterisk_section(asterisk, 22, 'secret = "ami-secret-1", apply_secret = "ami-secret-2"')}
[mail]
from = "Voicemail <{_SENDER.address}>"
smtp = {submission_table(mail, _SENDER)}

[voicemail]
max_messages = 9999
min_seconds = 1

[office]
extension = "{MAIN_NUMBER}"
hours = ["mon-sun 00:00-24:00"]
open_destination = "1001"
closed_destination = "1002"

{phones_section(asterisk.ports)}
{people}
{caller_section(CALLER)}"""
