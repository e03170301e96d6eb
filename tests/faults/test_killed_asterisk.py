"""Asterisk is killed with SIGKILL while callers speak."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path

import pytest

from lab.asterisk import PrivateAsterisk
from lab.packages import PackageTree
from lab.ports import AsteriskPorts, PortFinder
from lab.speech import read_audio
from tests.cli.daemon_process import running
from tests.with_asterisk.live_site import LiveSite, mail_for

pytestmark = pytest.mark.asterisk


async def speaking(folder: Path) -> Path:
    """Wait until a caller's recording has begun; Asterisk tells nobody."""
    async with asyncio.timeout(20):
        while True:
            for file in folder.glob("*.wav"):
                if file.stat().st_size > 16_000:
                    return file
            await asyncio.sleep(0.1)


async def test_a_killed_asterisk_takes_nothing_with_it_that_was_left(
    asterisk22_tree: PackageTree, short_folder: Path, ports: PortFinder
) -> None:
    asterisk = PrivateAsterisk(asterisk22_tree, short_folder / "k9", AsteriskPorts.pick(ports))
    live = LiveSite(asterisk, ports.one(), ports.one())
    live.configure()
    async with live.mail_server() as server, asterisk, running(live.file) as daemon:
        await daemon.logged("ami.connected")
        await live.speak("1001")
        half = await speaking(asterisk.spool_dir / "voicemail/default/1001/tmp")
        pid = asterisk.pid
        assert pid is not None
        live.leave_by_hand("1002")  # ended with the last breath: no hint came of it
        os.kill(pid, signal.SIGKILL)
        await daemon.logged("ami.link_down")
        await asterisk.restart()
        await daemon.logged("ami.connected", times=2)
        await mail_for(server, "1002")
        # Asterisk itself forgets what was cut off; we neither mail nor remove it.
        assert read_audio(half).seconds > 0.5
        assert [mail.recipient for mail in server.received if "1001" in mail.recipient] == []
