"""A full disk: nothing is lost, `/health` says so, and all goes on once there is room again."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from lab.maildir import MaildirServer
from lab.processes import run_program
from tests.cli.daemon_process import DaemonProcess, running
from tests.cli.holding_server import HoldingServer
from tests.cli.site_folder import SiteFolder

SIZE = 2 * 1024 * 1024  # bytes


@pytest.fixture
async def small_disk(tmp_path: Path) -> AsyncIterator[Path]:
    """A file system of its own with hardly any room."""
    if os.geteuid() != 0:
        pytest.skip("only root mounts a file system")
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["/usr/bin/mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", str(folder)]
    code, said = await run_program(command)
    if code:
        pytest.skip(f"no file system may be mounted here: {said.strip()}")
    yield folder
    await run_program(["/usr/bin/umount", str(folder)])


@pytest.fixture
async def mail(site: SiteFolder) -> AsyncIterator[MaildirServer]:
    async with MaildirServer(site.folder / "mail", site.ports["smtp"]) as server:
        yield server


def fill(disk: Path) -> Iterator[Path]:
    """Take all the room there is."""
    ballast = disk / "ballast"
    with ballast.open("wb", buffering=0) as stream:
        for block in (65536, 4096, 1):
            try:
                while True:
                    stream.write(b"\0" * block)
            except OSError:
                continue
    yield ballast


async def health(site: SiteFolder) -> int:
    url = f"http://127.0.0.1:{site.ports['http']}/health"
    async with aiohttp.ClientSession() as session, session.get(url) as answer:
        return answer.status


async def status(site: SiteFolder) -> dict[str, Any]:
    url = f"http://127.0.0.1:{site.ports['http']}/status"
    async with aiohttp.ClientSession() as session, session.get(url) as answer:
        data: dict[str, Any] = json.loads(await answer.text())
        return data


async def looks(daemon: DaemonProcess, event: str, times: int) -> None:
    """Have it sweep now, and wait for the event."""
    daemon.signal(signal.SIGHUP)
    await daemon.logged(event, times=times)


async def test_with_no_room_for_recordings_they_stay_on_the_telephone_until_there_is(
    site: SiteFolder, small_disk: Path, mail: MaildirServer
) -> None:
    site.write(state_dir=str(small_disk))
    ledger_on(site.folder, site)
    async with running(site.file) as daemon:
        for ballast in fill(small_disk):
            site.leave_voicemail(0)
            site.leave_voicemail(1)
            await looks(daemon, "sweep", 1)
            assert await health(site) == 503
            assert "No space left on device" in (await status(site))["handover_trouble"]
            assert mail.received == []
            ballast.unlink()
        await looks(daemon, "delivered", 2)
        assert await health(site) == 200
    assert len(mail.received) == 2
    assert all(list(it.read().iter_attachments()) for it in mail.received)


async def test_with_no_room_for_the_ledger_voicemail_waits_on_the_telephone(
    site: SiteFolder, small_disk: Path, mail: MaildirServer
) -> None:
    ledger_on(small_disk, site)
    async with running(site.file) as daemon:
        for ballast in fill(small_disk):
            # As much as the pages that the ledger has already would hold.
            for number in range(60):
                site.leave_voicemail(number)
            await looks(daemon, "sweep", 1)
            assert await health(site) == 503
            trouble = (await status(site))["handover_trouble"]
            assert "the ledger did not take it: database or disk is full" in trouble
            ballast.unlink()
        await looks(daemon, "delivered", 60)
        assert await health(site) == 200
    assert len({it.message_id for it in mail.received}) == len(mail.received) == 60


async def test_what_the_server_took_while_the_ledger_was_full_arrives_once(
    site: SiteFolder, small_disk: Path
) -> None:
    """The end of a delivery cannot be recorded: it is held, told, and recorded later."""
    ledger_on(small_disk, site)
    for number in range(20):
        site.leave_voicemail(number)
    async with HoldingServer(site) as server, running(site.file) as daemon:
        await asyncio.wait_for(server.asked.wait(), 20)
        for ballast in fill(small_disk):
            server.may_answer.set()
            async with asyncio.timeout(20):
                while "disk is full" not in str((await status(site))["delivery"]):
                    await asyncio.sleep(0.05)
            assert await health(site) == 503
            ballast.unlink()
        await daemon.logged("delivered", times=20, timeout=60)
        assert len({it.message_id for it in server.received}) == len(server.received) == 20


def ledger_on(disk: Path, site: SiteFolder) -> None:
    """Let the ledger alone be there."""
    url = f'ledger_url = "sqlite:///{disk}/ledger.sqlite"'
    site.file.write_text(site.file.read_text().replace("[service]", f"[service]\n{url}"))
