"""From a recording in Asterisk's spool to a mail account, by hand-over, ledger and delivery."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from lab.speech import Speech, read_audio
from lab.zimbra_like import ZimbraLike
from ledger.entries import Entry, State
from ledger.outbox import Outbox
from ledger.store import open_ledger, sqlite_url
from mail.delivery import Delivery
from mail.handover import Handover
from mail.retry import RetryPolicy
from mail.route import SmtpRoute
from mail.spool import Spool
from mail.writer import EntryWriter
from pbx.model import Site
from pbx.numbers import Mailbox

BOX = Mailbox("1001@default")
ACCOUNT = {"username": "voicemail@lab.example", "password": "voicemail-password"}


@dataclass
class Office:
    """A site whose mail goes to the real server; the clock can be moved ahead."""

    folder: Path
    mail: ZimbraLike
    outbox: Outbox
    server: dict[str, Any] = field(default_factory=dict)
    ahead: float = 0.0

    def now(self) -> float:
        return time.time() + self.ahead

    def use(self, door: str, security: str, **options: Any) -> None:
        self.server = {
            "host": "localhost",
            "port": getattr(self.mail.ports, door),
            "security": security,
            "ca_file": str(self.mail.certificates.ca_file),
            **options,
        }

    def site(self) -> Site:
        return Site.model_validate(
            {
                "site": {"name": "Klinik", "domain": "lab.example"},
                "asterisk": {"spool_dir": str(self.folder / "asterisk")},
                "mail": {"smtp": self.server, "from": "Voicemail <voicemail@lab.example>"},
                "people": [{"extension": "1001", "name": "Alice", "email": "alice@lab.example"}],
            }
        )

    def spool(self) -> Spool:
        spool = Spool(self.folder / "spool")
        spool.prepare()
        return spool

    def delivery(self) -> Delivery:
        return Delivery(
            outbox=self.outbox,
            spool=self.spool(),
            writer=EntryWriter(self.site, self.spool()),
            route=lambda: SmtpRoute(
                self.site().mail.smtp, client_name="pbx.lab.example", clock=time.monotonic
            ),
            connections=2,
            retry=RetryPolicy(86400),
            owner="test",
            now=self.now,
            chance=lambda: 0.5,
        )

    async def leave(self, seconds: float) -> None:
        """Leave a recording as Asterisk does, and hand it over."""
        inbox = self.folder / "asterisk/voicemail/default/1001/INBOX"
        inbox.mkdir(parents=True, exist_ok=True)
        tone = bytes(range(0, 256, 2)) * round(seconds * 16000 / 128)
        (inbox / "msg0000.wav").write_bytes(Speech(tone).wav())
        (inbox / "msg0000.txt").write_text(
            '[message]\ncallerid="Bu Ani" <08123456789>\n'
            f"origtime={int(time.time())}\nmsg_id={uuid.uuid4()}\nduration={round(seconds)}\n"
        )
        handover = Handover(site=self.site, outbox=self.outbox, spool=self.spool(), now=self.now)
        assert await handover.mailbox(BOX) == 1

    async def until(self, done: Callable[[Entry], bool]) -> Entry:
        async with asyncio.timeout(60):
            while not done(entry := (await self.outbox.newest(None, 1))[0]):
                await asyncio.sleep(0.01)
        return entry


@pytest.fixture
async def office(tmp_path: Path, mail_server: ZimbraLike) -> AsyncIterator[Office]:
    await mail_server.clear("alice@lab.example")
    ledger = await open_ledger(sqlite_url(tmp_path / "ledger.sqlite"))
    yield Office(tmp_path, mail_server, Outbox(ledger))
    await ledger.close()


@asynccontextmanager
async def running(delivery: Delivery) -> AsyncIterator[None]:
    task = asyncio.create_task(delivery.run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def is_delivered(entry: Entry) -> bool:
    return entry.state is State.DELIVERED


async def test_a_recording_larger_than_size_arrives_whole_as_mp3(
    office: Office, tmp_path: Path
) -> None:
    office.use("submission", "starttls", **ACCOUNT)
    await office.leave(12 * 60)
    async with running(office.delivery()):
        entry = await office.until(is_delivered)
    assert entry.last_error == "audio made smaller: mp3"
    (mail,) = await office.mail.wait_for_mail("alice@lab.example")
    (part,) = mail.message.iter_attachments()
    assert part.get_content_type() == "audio/mpeg"
    file = tmp_path / "recording.mp3"
    file.write_bytes(part.get_content())
    assert read_audio(file).seconds == pytest.approx(12 * 60, abs=1)


async def test_greylisting_delays_a_message_and_loses_nothing(office: Office) -> None:
    office.use("greylisted", "plain")
    await office.leave(2)
    delivery = office.delivery()
    async with running(delivery):
        entry = await office.until(lambda it: it.attempts == 1)
        assert entry.state is State.WAITING
        assert (entry.last_error or "").startswith("450 ")
        for _ in range(5):
            if is_delivered(entry):
                break
            office.ahead = entry.due - time.time() + 1
            tried = entry.attempts
            delivery.wake()
            entry = await office.until(
                lambda it, tried=tried: it.attempts > tried or is_delivered(it)
            )
    assert is_delivered(entry)
    await office.mail.wait_for_mail("alice@lab.example")


async def test_a_wrong_password_waits_until_the_site_file_is_mended(office: Office) -> None:
    office.use("submission", "starttls", username=ACCOUNT["username"], password="wrong")
    await office.leave(2)
    delivery = office.delivery()
    async with running(delivery):
        entry = await office.until(lambda it: it.attempts == 1)
        assert entry.state is State.WAITING
        assert "535" in (delivery.statistics.configuration_trouble or "")
        office.use("submission", "starttls", **ACCOUNT)
        office.ahead = 60
        delivery.renew()
        await office.until(is_delivered)
    assert delivery.statistics.configuration_trouble is None
    await office.mail.wait_for_mail("alice@lab.example")


async def test_a_crash_between_the_servers_250_and_our_commit_makes_no_second_mail(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.use("submission", "starttls", **ACCOUNT)
    await office.leave(2)
    accepted = asyncio.Event()

    async def never(*_: object, **__: object) -> None:
        accepted.set()
        await asyncio.Event().wait()

    with monkeypatch.context() as crash:
        crash.setattr(Outbox, "settle", never)
        before = office.mail.deliveries()
        async with running(office.delivery()):
            await accepted.wait()
            (first,) = await office.mail.wait_for_mail("alice@lab.example")
            await office.mail.wait_for_delivery(before)
    async with running(office.delivery()):
        await office.until(is_delivered)
    await office.mail.wait_for_log(str(first.message["Message-ID"]), count=2)
    mails = await office.mail.mails("alice@lab.example")
    assert [mail.message["Message-ID"] for mail in mails] == [first.message["Message-ID"]]
