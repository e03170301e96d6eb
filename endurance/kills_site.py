"""The site that is killed: Asterisk on generated files, an unruly way to Postfix and Dovecot."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random

from endurance.kills_calls import Calls
from lab.accounts import MailUser
from lab.asterisk import PrivateAsterisk
from lab.mail_ports import MailPorts
from lab.misbehaviour import Moods
from lab.packages import PackageTree
from lab.phone import Login
from lab.ports import AsteriskPorts, PortFinder
from lab.prompts import greet, instruct
from lab.services import service
from lab.site_sections import (
    DOMAIN,
    asterisk_section,
    caller_section,
    head,
    mailbox_section,
    phones_section,
)
from lab.speech import Speech, from_prompt
from lab.unruly import UnrulyServer
from lab.voxpost import VoxpostSite
from lab.zimbra_like import ZimbraLike

CALLER = Login("phone-2000", "caller-password")
MOODS = 0.06  # chance of a fault at each of seven stages: about every third message
_ANSWER_WITHIN = 1.0  # seconds that voxpost gives the mail server for each answer
_HARDLY_ANYTHING = Speech(b"\0\0" * 400)
_SECRETS = 'secret = "ami-secret-1", apply_secret = "ami-secret-2"'


@dataclass
class KillsSite(VoxpostSite):
    """Everything but voxpost, which is started and killed from outside.

    unruly: between voxpost and the mail server; `moods.chance` says how bad it is.
    """

    finder: PortFinder
    asterisk: PrivateAsterisk
    mail: ZimbraLike
    unruly: UnrulyServer
    moods: Moods
    extensions: tuple[str, ...]
    http_port: int

    @property
    def heard(self) -> frozenset[str]:
        """Whose messages are marked heard once they are delivered: every second person's."""
        return frozenset(self.extensions[1::2])

    def address(self, extension: str) -> str:
        return f"{extension}@{DOMAIN}"

    async def start_up_seconds(self) -> float:
        """How long voxpost takes here and now until it is ready."""
        began = time.monotonic()
        async with service("voxpost", self.words("run"), self.log_file, timeout=60):
            return time.monotonic() - began

    def start_calls(self, calls: int, per_second: float) -> Calls:
        """Callers leave voicemail in one mailbox after the other."""
        return Calls(
            self.folder / "calls",
            self.asterisk.tree,
            self.finder,
            to_port=self.asterisk.ports.sip,
            extensions=self.extensions,
            login=CALLER,
            speech=from_prompt(self.asterisk.sounds_dir, 20.0),
            calls=calls,
            per_second=per_second,
        )

    def scripts(self) -> int:
        """How many scripts Asterisk has started beside a voxpost that did not answer."""
        mark = f"agi\0--site\0{self.file}\0".encode()
        return sum(mark in _command_line(folder) for folder in Path("/proc").glob("[0-9]*"))

    async def refuse_now_and_then(self, random: Random) -> None:
        """Close the mail server's door for a moment, again and again, until cancelled."""
        try:
            while True:
                await asyncio.sleep(random.uniform(10, 30))
                await self.unruly.close_door()
                await asyncio.sleep(random.uniform(0.5, 3))
                await self.unruly.open_door()
        finally:
            await self.unruly.open_door()

    def _write(self) -> None:
        ports = self.asterisk.ports
        heard = self.heard
        people = "\n".join(
            mailbox_section(it, "heard" if it in heard else "keep") for it in self.extensions
        )
        self.file.write_text(
            f"""\
{head(self.http_port)}
{asterisk_section(self.asterisk, 22, _SECRETS)}
[mail]
from = "Voicemail <voicemail@{DOMAIN}>"
smtp = {{ host = "127.0.0.1", port = {self.unruly.port}, security = "plain", \
timeout = {_ANSWER_WITHIN}, taking_timeout = {_ANSWER_WITHIN} }}

[voicemail]
max_messages = 9999
min_seconds = 1

{phones_section(ports)}
{people}
{caller_section(CALLER)}"""
        )


def _command_line(process: Path) -> bytes:
    try:
        return (process / "cmdline").read_bytes()
    except OSError:
        return b""  # it has ended


@asynccontextmanager
async def kills_site(
    folder: Path, finder: PortFinder, tree: PackageTree, random: Random, *, people: int
) -> AsyncIterator[KillsSite]:
    """Set it up, run it, end it. Raises LabError.

    folder: new, with a short path, and others may enter. people: with a mailbox and a mail
    account each.
    """
    asterisk = PrivateAsterisk(tree, folder / "pbx", AsteriskPorts.pick(finder, rtp=400))
    extensions = tuple(str(1001 + number) for number in range(people))
    users = [MailUser(f"{it}@{DOMAIN}", "account-password") for it in extensions]
    mail = ZimbraLike(folder / "mail", MailPorts.pick(finder), users, one_at_a_time=True)
    moods = Moods(random, MOODS)
    unruly = UnrulyServer(finder.one(), mail.ports.trusted, moods)
    site = KillsSite(
        folder, finder, asterisk, mail, unruly, moods, extensions, http_port=finder.one()
    )
    asterisk.prepare()
    # So that a call takes four seconds.
    instruct(asterisk, _HARDLY_ANYTHING)
    for extension in extensions:
        greet(asterisk, extension, _HARDLY_ANYTHING)
    site._write()
    await site.command("generate-config", "--output", str(asterisk.etc_dir))
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(mail)
        await stack.enter_async_context(unruly)
        await stack.enter_async_context(asterisk)
        yield site
