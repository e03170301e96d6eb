"""The whole way in one process: Asterisk's spool, ledger, delivery, an unruly server, a Maildir."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from lab.maildir import MaildirServer
from lab.misbehaviour import Script
from lab.ports import PortFinder
from lab.speech import Speech
from lab.unruly import UnrulyServer
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
TIMEOUT = 1.0  # seconds that the mail server has for an answer
SPEECH = Speech(bytes(range(0, 256, 2)) * 500)  # four seconds


@dataclass
class Way:
    """The clock can be moved: `ahead` is seconds from the true time."""

    folder: Path
    outbox: Outbox
    mail: MaildirServer
    unruly: UnrulyServer
    ahead: float = 0.0
    voicemail: dict[str, Any] = field(default_factory=dict)
    connections: int = 1
    give_up_after: float = 5 * 86400
    _sites: dict[str, Site] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.delivery = Delivery(
            outbox=self.outbox,
            spool=self.spool(),
            writer=EntryWriter(self.site, self.spool()),
            route=lambda: SmtpRoute(
                self.site().mail.smtp, client_name="pbx.lab.example", clock=time.monotonic
            ),
            connections=self.connections,
            retry=RetryPolicy(self.give_up_after),
            owner="test",
            now=self.now,
            chance=lambda: 0.5,
        )

    def now(self) -> float:
        return time.time() + self.ahead

    def site(self) -> Site:
        key = repr(self.voicemail)
        if key not in self._sites:
            self._sites[key] = self._make_site()
        return self._sites[key]

    def _make_site(self) -> Site:
        server = {"host": "127.0.0.1", "port": self.unruly.port}
        server |= {"timeout": TIMEOUT, "taking_timeout": TIMEOUT}
        return Site.model_validate(
            {
                "site": {"name": "Klinik", "domain": "klinik.example"},
                "asterisk": {"spool_dir": str(self.folder / "asterisk")},
                "mail": {
                    "smtp": {**server, "security": "plain"},
                    "from": "Voicemail <voicemail@klinik.example>",
                },
                "voicemail": self.voicemail,
                "people": [{"extension": "1001", "name": "Sari", "email": "sari@klinik.example"}],
            }
        )

    def spool(self) -> Spool:
        spool = Spool(self.folder / "spool")
        spool.prepare()
        return spool

    def handover(self, spool: Spool | None = None) -> Handover:
        return Handover(
            site=self.site,
            outbox=self.outbox,
            spool=spool or self.spool(),
            now=self.now,
            wake=self.delivery.wake,
        )

    def leave(self, number: int = 0, *, sound: bytes | None = None, folder: str = "INBOX") -> Path:
        """Leave a message as Asterisk does, audio first; returns its text file."""
        inbox = self.folder / "asterisk/voicemail/default/1001" / folder
        inbox.mkdir(parents=True, exist_ok=True)
        text = inbox / f"msg{number:04}.txt"
        text.with_suffix(".wav").write_bytes(SPEECH.wav() if sound is None else sound)
        partial = inbox / "partial"
        partial.write_text(
            f'[message]\ncallerid="Bu Ani" <0812>\norigtime={int(self.now())}\n'
            f"msg_id={int(self.now())}-{number:08}\nduration=4\n"
        )
        partial.rename(text)
        return text

    async def take(self) -> Entry:
        """Leave one message and hand it over."""
        self.leave()
        assert await self.handover().mailbox(BOX) == 1
        return await self.newest()

    async def newest(self) -> Entry:
        return (await self.outbox.newest(None, 1))[0]

    @asynccontextmanager
    async def delivering(self) -> AsyncIterator[None]:
        task = asyncio.create_task(self.delivery.run())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def until(self, done: Callable[[Entry], bool], timeout: float = 20) -> Entry:
        """Wait until the newest entry is so; the ledger tells nobody when it changes."""
        async with asyncio.timeout(timeout):
            while not done(entry := await self.newest()):
                await asyncio.sleep(0.01)
        return entry

    async def hurry(self) -> None:
        """Let the time pass until the next entry is due."""
        due = await self.outbox.next_due()
        if due is not None and due > self.now():
            self.ahead += due - self.now()
            self.delivery.renew()
        await asyncio.sleep(0.05)

    async def until_delivered(self) -> Entry:
        """Wait; what is put off for later is tried at once, as if the time had passed."""

        def done(entry: Entry) -> bool:
            waits = entry.state is State.WAITING and entry.leased_by is None
            if waits and entry.due > self.now():
                self.ahead += entry.due - self.now()
                self.delivery.renew()  # ends a hold too: the administrator looked
            return entry.state is not State.WAITING

        entry = await self.until(done)
        assert entry.state is State.DELIVERED, entry.last_error
        return entry

    def received(self) -> list[EmailMessage]:
        return [mail.read() for mail in self.mail.received]


@asynccontextmanager
async def made_way(folder: Path, ports: PortFinder) -> AsyncIterator[Way]:
    """All of it, the mail server on good behaviour."""
    ledger = await open_ledger(sqlite_url(folder / "ledger.sqlite"))
    mail = MaildirServer(folder / "mail", ports.one())
    unruly = UnrulyServer(ports.one(), mail.port, Script([]))
    async with mail, unruly:
        yield Way(folder, Outbox(ledger), mail, unruly)
    await ledger.close()


def audio_of(mail: EmailMessage) -> bytes:
    """The recording in a mail; empty where there is none."""
    for part in mail.iter_attachments():
        content = part.get_content()
        assert isinstance(content, bytes)
        return content
    return b""
