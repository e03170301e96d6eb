"""The SMS centre: its parts put together, begun, looked after, and ended in order."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import structlog
from aiohttp import ClientSession

from ledger.entries import NewEntry
from ledger.errors import LedgerError
from ledger.incoming_texts import IncomingTexts
from ledger.keyword_calls import KeywordCalls
from ledger.outbox import Outbox
from ledger.outgoing_texts import OutgoingTexts
from ledger.store import Ledger
from ledger.texts import Origin, Text, TextState
from ledger.waiting_texts import WaitingTexts
from mail.intake.tokens import ReplyAddresses
from pbx.gateways import GatewaySettings
from pbx.model import Site
from sms.alarms import Alarms
from sms.broadcast.runner import Broadcasts
from sms.figures import figures
from sms.gateway import Callback, Gateway
from sms.inbox import GatewayInbox
from sms.keyword_answers import KeywordAnswers
from sms.keyword_calls import KeywordCalling
from sms.moving import Moving
from sms.notices import text_notice
from sms.requests import Requests, day_start
from sms.station import Station
from sms.stations import Stations
from sms.taking_in import TakingIn

_TICK = 5.0  # seconds between two looks at the gateways' health


class SmsCentre:
    """The SMS centre of one site and one ledger.

    Arguments:
        site: called for the site file as it is now; it may be reread.
        make: makes the gateway of a section.
        addresses: makes addresses to answer to; None where no e-mail comes in.
        session: of sms.gateways.http.new_session, for what keywords call.
        wake_mail: called when there is a new e-mail to deliver.
        owner: who claims texts: the same name after a restart.
        now: seconds since 1970. clock: seconds that only go forward. chance: from 0 to 1.
    """

    def __init__(
        self,
        *,
        site: Callable[[], Site],
        ledger: Ledger,
        make: Callable[[GatewaySettings], Gateway],
        addresses: Callable[[], ReplyAddresses | None],
        session: ClientSession,
        wake_mail: Callable[[], None],
        owner: str,
        now: Callable[[], float],
        clock: Callable[[], float],
        chance: Callable[[], float],
    ) -> None:
        self._site = site
        self._addresses = addresses
        self._wake_mail = wake_mail
        self._owner = owner
        self._now = now
        self._clock = clock
        self._chance = chance
        self._incoming = IncomingTexts(ledger)
        self._outgoing = OutgoingTexts(ledger)
        self._alarms = Alarms(Outbox(ledger), wake_mail)
        self._ledger = ledger
        self._stations = Stations(make=make, man=self._station, cut_off=self._cut_off, now=now)
        self._renewed = asyncio.Event()
        self._stopping = asyncio.Event()
        self._log = structlog.get_logger(part="sms")
        self._broadcasts = Broadcasts(
            site=site,
            ledger=ledger,
            wake=self._stations.wake,
            wake_mail=wake_mail,
            now=now,
            clock=clock,
        )
        self._calling = KeywordCalling(
            KeywordCalls(ledger),
            session=session,
            site=site,
            answers=self._answers,
            told=self._came,
            now=now,
            chance=chance,
        )
        self.requests = Requests(
            site=site,
            texts=self._outgoing,
            split=self._stations.split,
            down=self._stations.down,
            now=now,
            wake=self._stations.wake,
        )
        self._moving = Moving(
            site=site,
            waiting=WaitingTexts(ledger),
            stations=self._stations,
            carriage=self.requests.carriage,
            tell=self._tell,
            now=now,
        )

    def renew(self) -> None:
        """Say that the site file was reread: gateways whose section changed are made anew."""
        self._renewed.set()

    def stop(self) -> None:
        """Begin nothing new; `run` returns once what is on its way has a fate."""
        self._stopping.set()
        self._renewed.set()

    async def run(self) -> None:
        """Carry texts until stopped. Cancelled, what is on its way becomes unknown."""
        await self._insist(lambda: self._set_unknown(None))
        # Before the first gateway sends: what was released may not go in quiet hours.
        await self._insist(self._broadcasts.step)
        async with asyncio.TaskGroup() as group:
            work = (self._look_after(), self._broadcasts.run(), self._calling.run())
            tasks = [group.create_task(it) for it in work]
            try:
                while not self._stopping.is_set():
                    self._renewed.clear()
                    await self._rebuild(group)
                    await self._renewed.wait()
            finally:
                for task in tasks:
                    task.cancel()
                await self._stations.end(list(self._stations.by_name))

    def callbacks(self, name: str) -> Mapping[str, Callback]:
        """The addresses of ours that a gateway's server calls, by path."""
        return self._stations.callbacks(name)

    async def snapshot(self) -> dict[str, Any]:
        """The centre's state as data, for /status and the metrics."""
        now, site = self._now(), self._site()
        if site.sms is None:
            return {}
        return await figures(
            self._stations.by_name,
            sms=site.sms,
            ledger=self._ledger,
            since=day_start(site, now),
            now=now,
        )

    async def _insist(self, work: Callable[[], Awaitable[object]]) -> None:
        """Do it, however long the ledger takes to accept it."""
        while True:
            try:
                await work()
            except LedgerError as error:
                self._log.error("ledger", reason=str(error))
                await asyncio.sleep(_TICK)
            else:
                return

    async def _set_unknown(self, gateway: str | None) -> None:
        """Set aside what was being sent by a gateway, or by all, and is not any more."""
        now = self._now()
        unknown = await self._outgoing.recover(
            self._owner,
            now,
            self._tell,
            gateway=gateway,
            alone=gateway is None and self._ledger.is_local,
        )
        for text in unknown:
            help_with = f"voxpost sms show {text.id}"
            self._log.error("may have been sent", text=text.id, help=help_with)
        if unknown:
            self._wake_mail()

    async def _rebuild(self, group: asyncio.TaskGroup) -> None:
        """Have a station for each section of the site file as it is now."""
        sms = self._site().sms
        new = await self._stations.follow(
            {} if sms is None else {it.name: it for it in sms.gateways}
        )
        # Or it would begin the day's cap anew.
        await self._insist(self._count_day)
        for station in new:
            station.start(group)

    async def _cut_off(self, gateway: str) -> None:
        await self._insist(lambda: self._set_unknown(gateway))

    def _station(self, settings: GatewaySettings, gateway: Gateway) -> Station:
        return Station(
            settings,
            gateway,
            inbox=GatewayInbox(
                settings,
                incoming=self._incoming,
                outgoing=self._outgoing,
                taking_in=self._taking_in,
                tell=self._tell,
                now=self._now,
                came=self._came,
            ),
            texts=self._outgoing,
            owner=self._owner,
            elsewhere=self._moving.elsewhere,
            moved=self._stations.wake,
            tell=self._tell,
            now=self._now,
            clock=self._clock,
            chance=self._chance,
        )

    async def _look_after(self) -> None:
        while True:
            try:
                await self._join_overdue()
                await self._count_day()
                await self._outgoing.forget_old_reports(self._now())
                await self._moving.move_on()
                site = self._site()
                if site.sms is not None:
                    stations = self._stations.by_name
                    healths = {name: it.gateway.health() for name, it in stations.items()}
                    await self._alarms.look(site, healths, self._now())
            except LedgerError as error:
                self._log.error("ledger", reason=str(error))
            except Exception as error:  # gateways go on, and voicemail
                self._log.exception("looking after texts failed", reason=repr(error))
            await asyncio.sleep(_TICK)

    async def _join_overdue(self) -> None:
        sms = self._site().sms
        if sms is None:
            return
        before = self._now() - sms.join_within_minutes * 60
        taken = await self._incoming.take_overdue(before, self._now(), self._taking_in().decide)
        if taken:
            self._came()

    async def _count_day(self) -> None:
        counted = await self._outgoing.sent_since(day_start(self._site(), self._now()))
        for name, station in self._stations.by_name.items():
            station.allowance.counted(counted.get(name, 0))

    def _taking_in(self) -> TakingIn:
        answers = self._answers()
        return TakingIn(answers.site, answers.sms, self._addresses(), answers)

    def _answers(self) -> KeywordAnswers:
        site = self._site()
        assert site.sms is not None
        return KeywordAnswers(site, site.sms, self.requests.prepare, self._now())

    def _came(self) -> None:
        """Something came in: there is a mail to deliver; perhaps a text to send, a call to make."""
        self._wake_mail()
        self._calling.wake()
        self._stations.wake_all()

    def _tell(self, text: Text, state: TextState, words: str, at: int) -> tuple[NewEntry, ...]:
        site = self._site()
        if site.sms is None or text.broadcast is not None:
            return ()  # a broadcast has its report
        if text.origin is Origin.API and state is not TextState.UNKNOWN:
            return ()  # the program asks what became of it
        return (text_notice(site, text, state, words, at),)
