"""A site with an SMS centre: a real ledger, gateways in memory, the clock in the test's hand."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from aiohttp import ClientSession

from ledger.entries import Entry
from ledger.outbox import Outbox
from ledger.store import Ledger, open_ledger, sqlite_url
from ledger.text_book import TextBook
from ledger.texts import Origin, Text
from mail.intake.tokens import ReplyAddresses
from pbx.gateways import GatewaySettings
from pbx.model import Site
from pbx.site import parse_site
from sms.centre import SmsCentre
from sms.gateway import Incoming
from sms.gateways.http import new_session
from sms.policy import Asker, Refusal
from sms.requests import Accepted, Request
from tests.sms.memory_gateway import MemoryGateway

CUSTOMER = "+628111111111"
SECRET = b"a secret of sixteen bytes"
SARI = Asker("1001", cap=100)
SITE = """
[site]
name = "Klinik Sehat"
domain = "klinik.example"
[asterisk.ami]
secret = "ami-s3cret-words"
apply_secret = "apply-s3cret-words"
[mail]
smtp = { host = "127.0.0.1", port = 25, security = "plain" }
from = "Voicemail <voicemail@klinik.example>"
[[people]]
extension = "1001"
name = "Sari"
email = "sari@klinik.example"
voicemail = false
[[people]]
extension = "1002"
name = "Budi"
email = "budi@klinik.example"
voicemail = false
[sms]
desk = "desk@klinik.example"
%s
[sms.mail]
domain = "sms.klinik.example"
%s
"""
GATEWAY = """
[[sms.gateways]]
name = "{0}"
kind = "modem"
device = "/dev/{0}"
per_minute = 600
{1}
"""


def site_text(sms: str = "", more: str = "", gateways: tuple[tuple[str, str], ...] = ()) -> str:
    """The site file. sms: more keys of [sms]; gateways: names, and more keys of each."""
    sections = "".join(GATEWAY.format(*it) for it in gateways or (("one", ""),))
    return SITE % (sms, more + sections)


@dataclass
class SmsOffice:
    """What a test has in hand."""

    site: Site
    ledger: Ledger
    centre: SmsCentre
    gateways: dict[str, MemoryGateway]
    make: Callable[[GatewaySettings], MemoryGateway]
    moment: float = 1_800_000_000.0
    mails: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def gateway(self) -> MemoryGateway:
        return next(iter(self.gateways.values()))

    async def text_in(
        self, body: str, *, sender: str = CUSTOMER, key: str = "", gateway: str = "one"
    ) -> None:
        """A text comes in."""
        text = Incoming(key or f"{sender} {body}", body, sender, None, self.moment, body)
        await self.gateways[gateway].brings(text)

    async def send(
        self, body: str, *, to: str = CUSTOMER, source: str = "", asker: Asker = SARI
    ) -> Accepted | Refusal:
        """Ask for a text, as by e-mail."""
        request = Request(
            source or f"mail:{to}:{body}", Origin.MAIL, to, body, asker, "sari@klinik.example"
        )
        return await self.centre.requests.ask(request)

    async def letters(self) -> list[Entry]:
        """What is to be mailed, the oldest first."""
        return list(reversed(await Outbox(self.ledger).newest(None, 100)))

    async def texts(self) -> list[Text]:
        """All texts, the oldest first."""
        return list(reversed(await TextBook(self.ledger).newest(None, None, 100)))

    async def until(self, holds: Callable[[list[Text]], bool]) -> list[Text]:
        """Wait until the texts are as the test wants them."""
        async with asyncio.timeout(10):
            while not holds(found := await self.texts()):
                await asyncio.sleep(0.01)
        return found


@asynccontextmanager
async def running_office(
    folder: Path, text: str = "", *, owner: str = "test", session: ClientSession | None = None
) -> AsyncIterator[SmsOffice]:
    """An office at work, on a ledger in the folder; its gateways run when it begins.

    session: what keywords call their addresses with; a plain one when left out.
    """
    site = parse_site(text or site_text(), folder / "site.toml")
    ledger = await open_ledger(sqlite_url(folder / "ledger.sqlite"))
    gateways: dict[str, MemoryGateway] = {}
    addresses = ReplyAddresses(SECRET, "sms.klinik.example")

    own = new_session()

    def make(settings: GatewaySettings) -> MemoryGateway:
        return gateways.setdefault(settings.name, MemoryGateway(settings.name))

    centre = SmsCentre(
        site=lambda: office.site,
        ledger=ledger,
        make=lambda settings: office.make(settings),  # noqa: PLW0108 - made below
        addresses=lambda: addresses,
        session=session or own,
        wake_mail=lambda: office.mails.set(),  # noqa: PLW0108 - made below
        owner=owner,
        now=lambda: office.moment,
        clock=asyncio.get_running_loop().time,
        chance=lambda: 0.5,
    )
    office = SmsOffice(site, ledger, centre, gateways, make)
    running = asyncio.create_task(centre.run())
    try:
        async with asyncio.timeout(10):
            while not gateways or not all(it.runs for it in gateways.values()):
                await asyncio.sleep(0)
        yield office
    finally:
        centre.stop()
        try:
            async with asyncio.timeout(30):
                await running
        finally:
            await own.close()
            await ledger.close()
