from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from ledger.entries import End, NewEntry, State
from ledger.facts import VoicemailFacts
from ledger.outbox import Outbox
from ledger.store import open_ledger, sqlite_url
from mail.aftercare import Aftercare, MailboxBusy, MailboxUnable, MailboxUnreachable

NOW = 1_795_300_000.0


class Telephone:
    """MailboxActions that notes what it was asked, and fails as it is told."""

    def __init__(self) -> None:
        self.busy: str | None = None
        self.done: list[tuple[str, str, str]] = []
        self.troubles: list[Exception] = []
        self.asked = asyncio.Event()

    async def mark_heard(self, mailbox: str, msg_id: str) -> None:
        self._do("heard", mailbox, msg_id)

    async def mark_new(self, mailbox: str, msg_id: str) -> None:
        self._do("new", mailbox, msg_id)

    async def delete(self, mailbox: str, msg_id: str) -> None:
        self._do("delete", mailbox, msg_id)

    def _do(self, action: str, mailbox: str, msg_id: str) -> None:
        self.asked.set()
        if self.troubles:
            raise self.troubles.pop(0)
        if mailbox == self.busy:
            raise MailboxBusy(f"cannot write {mailbox}")
        self.done.append((action, mailbox, msg_id))


@pytest.fixture
async def outbox(tmp_path: Path) -> AsyncIterator[Outbox]:
    ledger = await open_ledger(sqlite_url(tmp_path / "ledger.sqlite"))
    yield Outbox(ledger)
    await ledger.close()


async def deliver(
    outbox: Outbox, number: int, aftercare: str, mailbox: str = "1001@default"
) -> None:
    facts = VoicemailFacts(mailbox, f"id{number}", "08", "", 1, 7, 1)
    entry = NewEntry(f"v:{number}", "1001", "s@x.example", f"<{number}@x>", facts, None, aftercare)
    await outbox.add([entry], NOW)
    end = End(number, State.DELIVERED, aftercare=aftercare)
    await outbox.settle([end], NOW + number)


@asynccontextmanager
async def running(care: Aftercare) -> AsyncIterator[None]:
    task = asyncio.create_task(care.run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def until_nothing_is_owed(outbox: Outbox) -> None:
    async with asyncio.timeout(10):
        while await outbox.awaiting_aftercare(1):
            await asyncio.sleep(0.005)


async def test_each_mailbox_gets_what_it_asked_for_in_order(outbox: Outbox) -> None:
    await deliver(outbox, 1, "heard")
    await deliver(outbox, 2, "delete")
    telephone = Telephone()
    async with running(Aftercare(outbox, telephone)):
        await until_nothing_is_owed(outbox)
    assert telephone.done == [("heard", "1001@default", "id1"), ("delete", "1001@default", "id2")]


async def test_a_telephone_that_cannot_be_reached_is_asked_again_when_it_is_back(
    outbox: Outbox,
) -> None:
    await deliver(outbox, 1, "heard")
    telephone = Telephone()
    telephone.troubles = [MailboxUnreachable("no manager connection")]
    care = Aftercare(outbox, telephone)
    async with running(care):
        await telephone.asked.wait()
        assert telephone.done == []
        care.wake()
        await until_nothing_is_owed(outbox)
    assert telephone.done == [("heard", "1001@default", "id1")]


async def test_what_can_never_be_done_is_said_once_and_holds_nobody_up(outbox: Outbox) -> None:
    await deliver(outbox, 1, "heard")
    await deliver(outbox, 2, "heard")
    telephone = Telephone()
    telephone.troubles = [MailboxUnable("this Asterisk has no VoicemailMove")]
    async with running(Aftercare(outbox, telephone)):
        await until_nothing_is_owed(outbox)
    assert telephone.done == [("heard", "1001@default", "id2")]


async def test_a_busy_mailbox_keeps_no_other_waiting_and_is_tried_again(outbox: Outbox) -> None:
    await deliver(outbox, 1, "heard")
    await deliver(outbox, 2, "heard", "1002@default")
    telephone = Telephone()
    telephone.troubles = [MailboxBusy("somebody listens to mailbox 1001@default")]
    care = Aftercare(outbox, telephone)
    async with running(care):
        async with asyncio.timeout(10):
            while len(await outbox.awaiting_aftercare(2)) == 2:
                await asyncio.sleep(0.005)
        assert telephone.done == [("heard", "1002@default", "id2")]
        care.wake()
        await until_nothing_is_owed(outbox)
    assert telephone.done[1:] == [("heard", "1001@default", "id1")]


async def test_a_mailbox_that_can_never_be_changed_keeps_no_other_from_its_turn(
    outbox: Outbox,
) -> None:
    """Its files are root's, say, and more is owed to it than is looked at in one go."""
    for number in range(1, 131):
        await deliver(outbox, number, "delete")
    await deliver(outbox, 131, "delete", "1002@default")
    telephone = Telephone()
    telephone.busy = "1001@default"
    async with running(Aftercare(outbox, telephone)):
        async with asyncio.timeout(10):
            while not telephone.done:
                await asyncio.sleep(0.005)
    assert telephone.done == [("delete", "1002@default", "id131")]
