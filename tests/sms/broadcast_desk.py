"""A desk that sends broadcasts: a real ledger, one lane, a gateway in memory, the clock in hand."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from ledger.broadcast_rows import Broadcast, NewBroadcast, Tally
from ledger.broadcasts import BroadcastBook
from ledger.entries import Entry
from ledger.number_lists import StopList
from ledger.outbox import Outbox
from ledger.outgoing_texts import OutgoingTexts
from ledger.store import Ledger, open_ledger, sqlite_url
from ledger.text_steps import Carriage
from ledger.texts import TextState
from mail.retry import RetryPolicy
from pbx.gateways import GatewaySettings
from pbx.model import Site
from pbx.site import parse_site
from sms.broadcast.filling import fill
from sms.broadcast.plan import Maker
from sms.broadcast.recipients import Recipient
from sms.broadcast.runner import Broadcasts
from sms.broadcast.template import read_template
from sms.pace import Pace
from sms.sending import SendingLane
from sms.splitting import segments
from sms.station import Allowance
from tests.sms.memory_gateway import MemoryGateway
from tests.sms.sms_office import site_text

MORNING = 1_800_001_800.0  # 2027-01-15 15:10 in Jakarta
TEXT = "Halo {name}"


def customers(count: int, first: int = 0) -> list[Recipient]:
    """Recipients: +62811000000, 001, ..."""
    return [
        Recipient(number + 2, f"+62811{number:06}", (f"Ibu {number}",))
        for number in range(first, first + count)
    ]


def carriage(settings: GatewaySettings, body: str) -> Carriage:
    """How the gateway in memory carries a text."""
    parts = len(segments(body, 0))
    return Carriage(settings.name, settings.number, parts, parts, parts * settings.price)


@dataclass
class BroadcastDesk:
    """What a test has in hand."""

    site: Site
    ledger: Ledger
    gateway: MemoryGateway
    lane: SendingLane
    moment: float = MORNING
    seconds: float = 0.0
    mails: int = 0
    broadcasts: Broadcasts = field(init=False)

    def __post_init__(self) -> None:
        self.broadcasts = Broadcasts(
            site=lambda: self.site,
            ledger=self.ledger,
            wake=lambda _: self.lane.wake(),
            wake_mail=self._mailed,
            now=lambda: self.moment,
            clock=lambda: self.seconds,
        )

    @property
    def book(self) -> BroadcastBook:
        return BroadcastBook(self.ledger)

    @property
    def sent(self) -> list[str]:
        """The numbers that the gateway sent to, in its order."""
        return [outgoing.number for outgoing in self.gateway.sent]

    def _mailed(self) -> None:
        self.mails += 1

    async def create(
        self,
        recipients: Sequence[Recipient],
        *,
        name: str = "promo",
        text: str = TEXT,
        per_minute: float | None = None,
        starts: float | None = None,
    ) -> tuple[Broadcast, int]:
        assert self.site.sms is not None
        new = NewBroadcast(name, text, "desk@klinik.example", per_minute)
        maker = Maker(read_template(text), self.site.sms, carriage)
        begins = self.moment if starts is None else starts
        return await fill(new, recipients, maker, self.book, now=self.moment, starts=begins)

    async def stop_list(self, number: str) -> None:
        await StopList(self.ledger).add([number], "text:1", self.moment)

    async def step(self, seconds: float = 0.0) -> bool:
        """Let time go by, and the daemon look after the broadcasts."""
        self.moment += seconds
        self.seconds += seconds
        return await self.broadcasts.step()

    async def standing(self, name: str = "promo") -> tuple[Broadcast, Tally]:
        return await self.book.show(name)

    async def until(self, holds: Callable[[Broadcast, Tally], bool]) -> tuple[Broadcast, Tally]:
        """Wait until the broadcast is as the test wants it."""
        async with asyncio.timeout(20):
            while not holds(*(found := await self.standing())):
                await asyncio.sleep(0.005)
        return found

    async def until_sent(self, count: int) -> None:
        await self.until(lambda _, tally: tally.states.get(TextState.SENT, 0) == count)

    async def letters(self) -> list[Entry]:
        return await Outbox(self.ledger).newest(None, 100)


@asynccontextmanager
async def running_desk(
    folder: Path, *, sms: str = "", gateway: MemoryGateway | None = None, moment: float = MORNING
) -> AsyncIterator[BroadcastDesk]:
    """A desk at work, on a ledger in the folder."""
    site = parse_site(site_text(sms), folder / "site.toml")
    ledger = await open_ledger(sqlite_url(folder / "ledger.sqlite"))
    texts = OutgoingTexts(ledger)
    gateway = gateway or MemoryGateway("one")
    lane = SendingLane(
        gateway,
        texts=texts,
        owner="test",
        pace=Pace(1e9, asyncio.get_running_loop().time),
        retry=RetryPolicy(86400.0),
        elsewhere=lambda _, *, refused: None,
        moved=lambda _: None,
        tell=lambda *_: (),
        allowance=Allowance(1_000_000),
        now=lambda: desk.moment,
        chance=lambda: 0.5,
    )
    desk = BroadcastDesk(site, ledger, gateway, lane, moment)
    await texts.recover("test", moment, lambda *_: ())
    await desk.broadcasts.step()
    running = asyncio.create_task(lane.run())
    try:
        yield desk
    finally:
        running.cancel()
        await asyncio.wait([running])
        await ledger.close()
