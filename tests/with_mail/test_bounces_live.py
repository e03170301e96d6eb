"""Mail that a real Postfix takes and sends back, seen by IMAP and marked in the ledger."""

from __future__ import annotations

import asyncio
import imaplib
import time
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from pathlib import Path
from typing import Any, Protocol

import pytest

from lab.speech import Speech
from lab.zimbra_like import ZimbraLike
from ledger.entries import Entry, NewEntry, State
from ledger.facts import VoicemailFacts
from ledger.outbox import Outbox
from ledger.store import open_ledger, sqlite_url
from mail.bounces.watcher import BounceWatcher
from mail.delivery import Delivery
from mail.identity import message_id
from mail.retry import RetryPolicy
from mail.route import SmtpRoute
from mail.spool import Spool
from mail.writer import EntryWriter
from pbx.model import Site

SENDER = "voicemail@lab.example"
ACCOUNT = {"username": SENDER, "password": "voicemail-password"}
NOBODY = "nobody.at.all@lab.example"
PEOPLE = {"alice@lab.example": "1001", NOBODY: "1002", "full@lab.example": "1003"}
LOUD = 16_000  # bytes of audio; in base64 more than full@lab.example has room for


@dataclass
class Office:
    """A site whose mail goes through the real server and comes back to it."""

    folder: Path
    mail: ZimbraLike
    outbox: Outbox
    bounces: dict[str, Any] = field(default_factory=lambda: dict(ACCOUNT))

    def site(self) -> Site:
        trusted = {"host": "localhost", "ca_file": str(self.mail.certificates.ca_file)}
        ports = self.mail.ports
        return Site.model_validate(
            {
                "site": {"name": "Klinik", "domain": "lab.example"},
                "mail": {
                    "smtp": {**trusted, "port": ports.submission, **ACCOUNT},
                    "from": f"Voicemail <{SENDER}>",
                    "imap": {**trusted, "port": ports.imaps},
                    "bounces": self.bounces,
                },
                "people": [
                    {"extension": extension, "name": email, "email": email}
                    for email, extension in PEOPLE.items()
                ],
            }
        )

    async def send_to(self, address: str) -> Entry:
        spool = Spool(self.folder / "spool")
        spool.prepare()
        source = f"voicemail:1001@default:{uuid.uuid4()}"
        audio = f"{uuid.uuid4().hex}.wav"
        spool.path(audio).write_bytes(Speech(bytes(range(250)) * (LOUD // 250)).wav())
        facts = VoicemailFacts("1001@default", "id", "0812", "Budi", int(time.time()), 7, 1)
        extension, made = PEOPLE[address], message_id(source, "lab.example")
        entry = NewEntry(source, extension, address, made, facts, audio, "heard")
        await self.outbox.add([entry], time.time())
        return (await self.outbox.newest(None, 1))[0]

    def delivery(self) -> Delivery:
        spool = Spool(self.folder / "spool")
        return Delivery(
            outbox=self.outbox,
            spool=spool,
            writer=EntryWriter(self.site, spool),
            route=lambda: SmtpRoute(
                self.site().mail.smtp, client_name="pbx.lab.example", clock=time.monotonic
            ),
            connections=2,
            retry=RetryPolicy(86400),
            owner="test",
            now=time.time,
            chance=lambda: 0.5,
        )

    def watcher(self) -> BounceWatcher:
        return BounceWatcher(site=self.site, outbox=self.outbox, chance=lambda: 0.0)

    async def until(self, entry: Entry, state: State) -> Entry:
        async with asyncio.timeout(60):
            while (now := await self.outbox.show(entry.id)).state is not state:
                await asyncio.sleep(0.02)
        return now

    async def put(self, mail: EmailMessage | bytes) -> None:
        """Lay a mail into the account, as if it had come."""
        await asyncio.to_thread(self._put, bytes(mail))

    def _put(self, mail: bytes) -> None:
        with imaplib.IMAP4("localhost", self.mail.ports.imap) as imap:
            imap.login(SENDER, ACCOUNT["password"])
            imap.append("INBOX", "", "", mail)

    async def subjects(self, folder: str, flag: str = "ALL") -> list[str]:
        return await asyncio.to_thread(self._subjects, folder, flag)

    def _subjects(self, folder: str, flag: str) -> list[str]:
        with imaplib.IMAP4("localhost", self.mail.ports.imap) as imap:
            imap.login(SENDER, ACCOUNT["password"])
            if imap.select(folder, readonly=True)[0] != "OK":
                return []
            found = imap.search(None, flag)[1][0].split()
            heads = [imap.fetch(it.decode(), "(BODY[HEADER.FIELDS (SUBJECT)])")[1] for it in found]
        return [part[1].decode().partition(":")[2].strip() for (part, *_) in heads]

    async def until_subjects(self, folder: str, count: int) -> list[str]:
        async with asyncio.timeout(30):
            while len(found := await self.subjects(folder)) < count:
                await asyncio.sleep(0.05)
        return found

    def empty(self) -> None:
        with imaplib.IMAP4("localhost", self.mail.ports.imap) as imap:
            imap.login(SENDER, ACCOUNT["password"])
            for folder in ("INBOX", "Voxpost"):
                if imap.select(folder)[0] == "OK" and imap.search(None, "ALL")[1][0]:
                    imap.store("1:*", "+FLAGS", "(\\Deleted)")
                    imap.expunge()


class Runs(Protocol):
    async def run(self) -> None: ...


@asynccontextmanager
async def running(*parts: Runs) -> AsyncIterator[None]:
    tasks = [asyncio.create_task(part.run()) for part in parts]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        ends = await asyncio.gather(*tasks, return_exceptions=True)
        assert all(isinstance(end, asyncio.CancelledError) for end in ends), ends


@pytest.fixture
async def office(tmp_path: Path, mail_server: ZimbraLike) -> AsyncIterator[Office]:
    async with AsyncExitStack() as stack:
        ledger = await open_ledger(sqlite_url(tmp_path / "ledger.sqlite"))
        stack.push_async_callback(ledger.close)
        made = Office(tmp_path, mail_server, Outbox(ledger))
        await asyncio.to_thread(made.empty)
        yield made


def report(of: str, action: str = "failed") -> EmailMessage:
    """A short bounce of a mail, as any server may send it."""
    mail = EmailMessage()
    mail["Subject"] = f"Report: {action}"
    mail["Content-Type"] = 'multipart/report; report-type=delivery-status; boundary="b"'
    mail.set_payload(
        "--b\nContent-Type: message/delivery-status\n\n"
        f"Final-Recipient: rfc822; a@b\nAction: {action}\nStatus: 5.0.0\n\n"
        f"--b\nContent-Type: text/rfc822-headers\n\nMessage-ID: {of}\n\n--b--\n"
    )
    return mail


async def test_what_postfix_took_and_sent_back_is_marked_with_its_words(office: Office) -> None:
    unknown = await office.send_to(NOBODY)
    full = await office.send_to("full@lab.example")
    watcher = office.watcher()
    async with running(office.delivery(), watcher):
        came_back = await office.until(unknown, State.BOUNCED)
        assert NOBODY in str(came_back.last_error)
        assert came_back.last_error is not None
        assert came_back.last_error.startswith(("5.1.1", "550 5.1.1"))
        assert came_back.aftercare == "heard"  # owed until it is delivered after all
        over_quota = await office.until(full, State.BOUNCED)
        assert "uota" in str(over_quota.last_error)
        await office.until_subjects("Voxpost", 2)
        assert await office.subjects("INBOX") == []
    assert (watcher.statistics.bounced, watcher.statistics.trouble) == (2, None)
    assert (await office.outbox.retry(unknown.id, time.time())).state is State.WAITING


async def test_other_mail_stays_unread_where_it_is(office: Office) -> None:
    holiday = EmailMessage()
    holiday["Subject"] = "Out of office"
    holiday["Auto-Submitted"] = "auto-replied"
    holiday.set_content("Back on Monday.")
    strange = report(f"<{'0' * 40}@lab.example>")
    sent = await office.send_to("alice@lab.example")
    async with running(office.delivery()):
        await office.until(sent, State.DELIVERED)
    for mail in (holiday, strange, b"\xff\x00 no mail at all\r\n", report(sent.message_id)):
        await office.put(mail)
    async with running(office.watcher()):
        await office.until(sent, State.BOUNCED)  # the last: the others were looked at before
        await office.until_subjects("Voxpost", 1)
    assert len(await office.subjects("INBOX", "UNSEEN")) == 3


async def test_a_bounce_that_came_before_our_own_record_waits_for_it(office: Office) -> None:
    sent = await office.send_to("alice@lab.example")
    await office.put(report(sent.message_id))
    await office.put(report(sent.message_id, "delayed"))
    watcher = office.watcher()
    async with running(watcher):
        await office.until_subjects("Voxpost", 1)  # the notice of delay
        assert (await office.outbox.show(sent.id)).state is State.WAITING
        async with running(office.delivery()):
            await office.until(sent, State.BOUNCED)
        await office.until_subjects("Voxpost", 2)
    assert (watcher.statistics.delayed, watcher.statistics.bounced) == (1, 1)


async def test_one_that_was_marked_before_a_crash_is_only_moved(office: Office) -> None:
    sent = await office.send_to("alice@lab.example")
    async with running(office.delivery()):
        await office.until(sent, State.DELIVERED)
    await office.outbox.bounced(sent.message_id, "5.0.0 first")
    await office.put(report(sent.message_id))
    async with running(office.watcher()):
        await office.until_subjects("Voxpost", 1)
    assert (await office.outbox.show(sent.id)).last_error == "5.0.0 first"


async def test_a_wrong_password_is_said_once_and_tried_again_when_the_site_is_reread(
    office: Office,
) -> None:
    office.bounces["password"] = "wrong"
    watcher = office.watcher()

    async def until(done: Callable[[], bool]) -> None:
        async with asyncio.timeout(20):
            while not done():
                await asyncio.sleep(0.02)

    async with running(watcher):
        await until(lambda: watcher.statistics.trouble is not None)
        assert "refused" in str(watcher.statistics.trouble)
        office.bounces["password"] = ACCOUNT["password"]
        watcher.renew()
        await until(lambda: watcher.statistics.connected)
        assert watcher.statistics.trouble is None
