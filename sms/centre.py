"""The SMS centre at work: every gateway with its lane, what comes in, and what is moved on."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping
from functools import partial
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
from ledger.text_steps import Carriage
from ledger.texts import Origin, Text, TextState
from mail.intake.tokens import ReplyAddresses
from pbx.gateways import GatewaySettings
from pbx.model import Site
from sms.alarms import Alarms
from sms.broadcast.runner import Broadcasts
from sms.choosing import choices, choose
from sms.errors import SmsError
from sms.figures import figures
from sms.gateway import Callback, Gateway
from sms.inbox import GatewayInbox
from sms.keyword_answers import KeywordAnswers
from sms.keyword_calls import KeywordCalling
from sms.notices import text_notice
from sms.requests import Requests, day_start
from sms.splitting import segments
from sms.station import Station
from sms.taking_in import TakingIn

_TICK = 5.0  # seconds between two looks at the gateways' health
_MOVE_AFTER = 30.0  # seconds that a gateway is down until others take its texts
_MOVED_AT_ONCE = 200  # texts
_STOP_WITHIN = 25.0  # seconds


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
        self._make = make
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
        self._stations: dict[str, Station] = {}
        self._renewed = asyncio.Event()
        self._stopping = asyncio.Event()
        self._log = structlog.get_logger(part="sms")
        self._broadcasts = Broadcasts(
            site=site, ledger=ledger, wake=self._wake, wake_mail=wake_mail, now=now, clock=clock
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
            split=self._split,
            down=self._down,
            now=now,
            wake=self._wake,
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
                await self._end(list(self._stations))

    def callbacks(self, name: str) -> Mapping[str, Callback]:
        """The addresses of ours that a gateway's server calls, by path."""
        station = self._stations.get(name)
        if station is None:
            return {}
        return {callback.path: callback for callback in station.gateway.callbacks()}

    async def snapshot(self) -> dict[str, Any]:
        """The centre's state as data, for /status and the metrics."""
        now, site = self._now(), self._site()
        if site.sms is None:
            return {}
        return await figures(
            self._stations,
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
        wanted = {} if sms is None else {it.name: it for it in sms.gateways}
        changed = [
            name for name, station in self._stations.items() if wanted.get(name) != station.settings
        ]
        await self._end(changed)
        made = [name for name in wanted if name not in self._stations]
        for name in made:
            try:
                self._stations[name] = self._station(wanted[name])
            except SmsError as error:
                self._log.error("gateway left out", gateway=name, reason=str(error))
        # Or it would begin the day's cap anew.
        await self._insist(self._count_day)
        for name in made:
            if name in self._stations:
                self._stations[name].start(group)

    def _station(self, settings: GatewaySettings) -> Station:
        return Station(
            settings,
            self._make(settings),
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
            elsewhere=self._elsewhere,
            moved=self._wake,
            tell=self._tell,
            now=self._now,
            clock=self._clock,
            chance=self._chance,
        )

    async def _end(self, names: Collection[str]) -> None:
        stations = [self._stations[name] for name in names]
        for station in stations:
            station.lane.stop()
        tasks = [station.task for station in stations if station.task is not None]
        if tasks:
            await asyncio.wait(tasks, timeout=_STOP_WITHIN)
        for name, station in zip(names, stations, strict=True):
            del self._stations[name]
            if station.task is not None and not station.task.done():
                station.task.cancel()
                await asyncio.wait([station.task])
                # Its next lane must not find texts that nobody sends any more.
                await self._insist(partial(self._set_unknown, name))

    async def _look_after(self) -> None:
        while True:
            try:
                await self._join_overdue()
                await self._count_day()
                await self._outgoing.forget_old_reports(self._now())
                await self._move_on()
                site = self._site()
                if site.sms is not None:
                    healths = {name: it.gateway.health() for name, it in self._stations.items()}
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
        for name, station in self._stations.items():
            station.allowance.counted(counted.get(name, 0))

    async def _move_on(self) -> None:
        """Give what waits for a gateway that cannot send to one that can."""
        sms = self._site().sms
        for name in await self._outgoing.waiting_gateways() if sms is not None else ():
            station = self._stations.get(name)
            if station is not None and not station.cannot_send_for(_MOVE_AFTER, self._now()):
                continue
            gone = sms is not None and name not in {it.name for it in sms.gateways}
            moves = []
            for text in await self._outgoing.waiting_at(name, _MOVED_AT_ONCE):
                # One that is down will be up some time; one that is gone will not.
                other = self._elsewhere(text, refused=gone)
                if other is not None:
                    moves.append((text.id, other))
            await self._outgoing.reassign(moves, self._now())
            if gone and not moves:
                words = f"the site file has no gateway {name} any more, and no other takes it"
                await self._outgoing.give_up(name, words, self._now(), self._tell)
            for gateway in {other.gateway for _, other in moves}:
                self._wake(gateway)

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
        for station in self._stations.values():
            station.lane.wake()

    def _split(self, settings: GatewaySettings, body: str) -> tuple[int, int]:
        station = self._stations.get(settings.name)
        try:
            gateway = self._make(settings) if station is None else station.gateway
            pieces = gateway.pieces(body, 0)
        except SmsError:  # it was left out; the text waits for it to be mended, or moves on
            pieces = segments(body, 0)
        return len(pieces), sum(piece.parts for piece in pieces)

    def _down(self) -> set[str]:
        now = self._now()
        stations = list(self._stations.items())  # asked in the ledger's thread, too
        return {name for name, it in stations if it.cannot_send_for(_MOVE_AFTER, now)}

    def _elsewhere(self, text: Text, *, refused: bool) -> Carriage | None:
        sms = self._site().sms
        if sms is None:
            return None
        found = choices(text.number, sms.gateways)
        names = [it.name for it in found]
        if refused and text.attempts and text.gateway in names:
            # Only those behind it: the ones before refused the text already.
            found = found[names.index(text.gateway) + 1 :]
        down = self._down() | (set(names) - set(self._stations))
        other = choose(text.number, found, down=down, not_these={text.gateway})
        if other is None or (other.name in down and not refused):
            return None
        return self.requests.carriage(other, text.body)

    def _wake(self, gateway: str) -> None:
        if gateway in self._stations:
            self._stations[gateway].lane.wake()

    def _tell(self, text: Text, state: TextState, words: str, at: int) -> tuple[NewEntry, ...]:
        site = self._site()
        if site.sms is None or text.broadcast is not None:
            return ()  # a broadcast has its report
        if text.origin is Origin.API and state is not TextState.UNKNOWN:
            return ()  # the program asks what became of it
        return (text_notice(site, text, state, words, at),)
