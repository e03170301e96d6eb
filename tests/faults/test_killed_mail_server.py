"""The mail server's processes are killed with SIGKILL while mail is handed to it."""

from __future__ import annotations

import os
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractContextManager, suppress
from pathlib import Path

import pytest

from lab.accounts import MailUser
from lab.mail_ports import MailPorts
from lab.maildir import MaildirServer
from lab.misbehaviour import Script
from lab.ports import PortFinder
from lab.unruly import UnrulyServer
from lab.zimbra_like import ZimbraLike, need_mail_programs
from ledger.entries import State
from ledger.outbox import Outbox
from ledger.store import open_ledger, sqlite_url
from tests.faults.way import SPEECH, Way, audio_of

pytestmark = pytest.mark.mail

ADDRESS = "sari@klinik.example"
COUNT = 12


@pytest.fixture
async def zimbra(
    short_folder: Path, ports: PortFinder, tier: Callable[[str], AbstractContextManager[None]]
) -> AsyncIterator[ZimbraLike]:
    with tier("mail"):
        need_mail_programs()
    short_folder.chmod(0o755)
    server = ZimbraLike(
        short_folder / "k9mail",
        MailPorts.pick(ports),
        [MailUser(ADDRESS, "sari-password")],
        one_at_a_time=True,
    )
    async with server:
        yield server


async def test_a_mail_server_that_is_killed_and_comes_back_has_each_message_once(
    zimbra: ZimbraLike, tmp_path: Path, ports: PortFinder
) -> None:
    taken: list[str] = []

    def on_taken(message_id: str) -> None:
        taken.append(message_id)
        if len(taken) == 3:
            for pid in zimbra.pids.values():
                kill_tree(pid)

    ledger = await open_ledger(sqlite_url(tmp_path / "ledger.sqlite"))
    unruly = UnrulyServer(ports.one(), zimbra.ports.trusted, Script([]), on_taken=on_taken)
    way = Way(tmp_path, Outbox(ledger), MaildirServer(tmp_path, ports.one()), unruly, connections=4)
    for number in range(COUNT):
        way.leave(number)
    assert await way.handover().sweep() == COUNT
    async with unruly, way.delivering():
        await way.until(lambda entry: entry.attempts > 0)
        assert len(taken) >= 3
        await zimbra.stop()
        await zimbra.start()
        while (await way.outbox.depth()).by_state != {State.DELIVERED: COUNT}:
            await way.hurry()
    mails = await zimbra.wait_for_mail(ADDRESS, COUNT)
    assert len({mail.message["Message-ID"] for mail in mails}) == len(mails) == COUNT
    assert all(audio_of(mail.message) == SPEECH.wav() for mail in mails)
    await ledger.close()


def kill_tree(root: int) -> None:
    """Kill a process and all that it started, with no warning."""
    parents = {}
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            parents[int(folder.name)] = int(
                (folder / "stat").read_text().rpartition(")")[2].split()[1]
            )
    doomed = [root]
    for pid in doomed:
        doomed += [child for child, parent in parents.items() if parent == pid]
    for pid in doomed:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
