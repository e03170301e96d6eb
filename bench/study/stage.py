"""What is measured: an Asterisk, a mail server and voxpost between them, all running."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.serving import serving
from bench.study import site
from bench.study.meter import Meter
from lab import minimal_config
from lab.accounts import MailUser
from lab.asterisk import PrivateAsterisk
from lab.mail_ports import MailPorts
from lab.packages import PackageTree
from lab.ports import AsteriskPorts, PortFinder
from lab.zimbra_like import ZimbraLike

ACCOUNT = MailUser("sari@lab.example", "sari-password")
BULK_BOXES = ("2001", "2002", "2003", "2004")
"""Mailboxes whose mails all go to ACCOUNT, as smtp-source knows one recipient alone."""
QUIET_WITHIN = 60.0  # seconds; a call whose end was lost is given up after 32 (RFC 3261)
SPOKEN_BOXES = tuple(str(number) for number in range(1001, 1009))


@dataclass(frozen=True)
class Stage:
    """The running parts."""

    asterisk: PrivateAsterisk
    mail: ZimbraLike
    tree: PackageTree
    ports: PortFinder
    voxpost_pid: int
    meter: Meter

    async def calls_up(self) -> int:
        """How many calls Asterisk says it has."""
        for line in (await self.asterisk.rx("core show channels count")).splitlines():
            count, _, words = line.partition(" ")
            if words.startswith("active call"):
                return int(count)
        return 0

    async def quiet(self) -> None:
        """Wait until no call is left of what was measured before. Raises TimeoutError."""
        async with asyncio.timeout(QUIET_WITHIN):
            while True:
                if not await self.calls_up():
                    return
                await asyncio.sleep(0.1)  # Asterisk tells nobody

    def sweep(self) -> None:
        """Make voxpost look through the mailboxes now, as an administrator may: by SIGHUP."""
        os.kill(self.voxpost_pid, signal.SIGHUP)

    def mailbox(self, number: str) -> Path:
        """Where a mailbox's folders are."""
        return self.asterisk.spool_dir / "voicemail/default" / number


@asynccontextmanager
async def staged(
    folder: Path, tree: PackageTree, ports: PortFinder, *, calls_at_once: int
) -> AsyncIterator[Stage]:
    """Start all of it in a folder; needs root. Raises LabError."""
    # Asterisk 22 dies of a UnicastRTP call when no port is left, so there are some to spare. Taken
    # first, as they stand in a row.
    own = AsteriskPorts.pick(ports, rtp=2 * calls_at_once + 100)
    users = [ACCOUNT, site.SENDER]
    users += [MailUser(f"{box}@lab.example", "box-password") for box in SPOKEN_BOXES]
    mail = ZimbraLike(folder / "mail", MailPorts.pick(ports), users)
    asterisk = PrivateAsterisk(tree, folder / "pbx", own)
    bare_port = ports.one()
    _configure(asterisk, bare_port)
    recipients = [(box, f"{box}@lab.example") for box in SPOKEN_BOXES]
    recipients += [(box, ACCOUNT.address) for box in BULK_BOXES]
    file = folder / "site.toml"
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(mail)
        file.write_text(site.site_text(asterisk, mail, ports.one(), recipients))
        await stack.enter_async_context(asterisk)
        for name in ("voxpost", "bare"):
            (folder / name).mkdir()
        bare = serving(folder / "bare", "bench.study.bare_agi", str(bare_port))
        await stack.enter_async_context(bare)
        run = serving(folder / "voxpost", "cli", "run", "--site", str(file), "--log", "json")
        voxpost = await stack.enter_async_context(run)
        assert asterisk.pid is not None
        meter = Meter({"asterisk": asterisk.pid, "voxpost": voxpost.pid, **mail.pids})
        yield Stage(asterisk, mail, tree, ports, voxpost.pid, meter)


def _configure(asterisk: PrivateAsterisk, bare_port: int) -> None:
    files = dict(minimal_config.files(asterisk.ports, site.AMI_SECRET))
    files["extensions.conf"] += site.dialplan(asterisk.ports, bare_port)
    files["voicemail.conf"] += site.voicemail_boxes((*SPOKEN_BOXES, *BULK_BOXES))
    asterisk.etc_dir.mkdir(parents=True)
    for name, text in files.items():
        (asterisk.etc_dir / name).write_text(text)
