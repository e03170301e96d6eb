"""Read is heard while the connection to a real Dovecot is cut again and again."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from random import Random

import pytest

from lab.zimbra_like import ZimbraLike
from ledger.store import open_ledger, sqlite_url
from tests.mail.cutting_proxy import CuttingProxy
from tests.mail.in_step_office import Left, MailProgram, Office


@pytest.fixture
async def proxy(mail_server: ZimbraLike) -> AsyncIterator[CuttingProxy]:
    chance = Random(3)
    # A TLS handshake and a log-in take some 4,000 bytes, a visit some 2,000 more.
    proxy = CuttingProxy(mail_server.ports.imaps, lambda: chance.randint(1, 12_000))
    await proxy.start()
    yield proxy
    await proxy.stop()


@pytest.fixture
async def office(
    tmp_path: Path, mail_server: ZimbraLike, proxy: CuttingProxy
) -> AsyncIterator[Office]:
    ledger = await open_ledger(sqlite_url(tmp_path / "ledger.sqlite"))
    door = {"port": proxy.port, "ca_file": str(mail_server.certificates.ca_file), "timeout": 1}
    yield Office(tmp_path, ledger, door, {"when_deleted": "delete"})
    await ledger.close()


async def test_cuts_at_any_byte_lose_nothing_and_all_ends_in_step(
    office: Office, proxy: CuttingProxy, mail_server: ZimbraLike, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mail.in_step.engine._SERVER_RESTS", (0.02, 0.1))
    alice = MailProgram(mail_server, mail_server.users["alice@lab.example"])
    alice.clear()
    lefts = [await office.leave() for _ in range(12)]
    for left in lefts:
        alice.deliver(left)
    read, heard, mail_deleted, message_deleted = lefts[:3], lefts[3:6], lefts[6:8], lefts[8:10]
    async with office.running() as engine:
        await office.agreed(False)
        for left in read:
            alice.store(left, "+\\Seen")
        for left in heard:
            office.actions.move(left.mailbox, left.msg_id, "Old")
        for left in mail_deleted:
            alice.delete(left)
        for left in message_deleted:
            file = office.actions.find(left.mailbox, left.msg_id)
            assert file is not None
            file.unlink()
        engine.hint("1001@default")

        def in_step() -> bool:
            return (
                all(folder(office, it) == "Old" for it in read)
                and all(alice.seen(it) for it in heard)
                and all(folder(office, it) is None for it in mail_deleted)
                and all(is_deleted(alice, it) for it in message_deleted)
            )

        await office.until(in_step, 60)
        for left in lefts[10:]:
            assert folder(office, left) == "INBOX"
            assert "Seen" not in (alice.flags(left) or "Seen")
    assert proxy.cuts > 3
    alice.close()


async def test_a_line_that_goes_dead_is_noticed_and_what_was_missed_is_made_good(
    office: Office, mail_server: ZimbraLike, proxy: CuttingProxy
) -> None:
    proxy._budget = lambda: None
    alice = MailProgram(mail_server, mail_server.users["alice@lab.example"])
    alice.clear()
    left = await office.leave()
    alice.deliver(left)
    async with office.running() as engine:
        await office.agreed(False)
        proxy.silent.set()
        alice.store(left, "+\\Seen")
        await office.until(lambda: engine.statistics.last_trouble is not None)
        assert folder(office, left) == "INBOX"
        proxy.silent.clear()
        proxy.cut_all()
        await office.until(lambda: folder(office, left) == "Old")
    alice.close()


def is_deleted(person: MailProgram, left: Left) -> bool:
    """Gone; or flagged, where the line was cut between the flag and the end."""
    flags = person.flags(left)
    return flags is None or "Deleted" in flags


def folder(office: Office, left: Left) -> str | None:
    return office.actions.folder_of(left.mailbox, left.msg_id)
