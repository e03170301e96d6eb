"""Moves broadcasts on: begins, releases, rests and ends them, and mails their reports."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from zoneinfo import ZoneInfo

import structlog

from ledger.broadcast_rows import Broadcast, BroadcastState
from ledger.broadcast_steps import BroadcastSteps
from ledger.errors import LedgerError
from ledger.store import Ledger
from ledger.texts import UNSETTLED, TextState
from pbx.model import Site
from sms.broadcast.day import DayCap
from sms.broadcast.report import report_entry, table_of
from sms.broadcast.schedule import read_quiet
from sms.pace import Pace
from sms.requests import day_start

_BUSY = 0.5  # seconds between two looks while one runs
_IDLE = 2.0
_LEDGER_PAUSE = 5.0
_FAULT_PAUSE = 30.0  # after a fault of the program
_AHEAD = 2000  # texts that wait for one gateway
_SLICE = 500  # texts in one commit
_REPORTS_WITHIN = 900.0  # seconds that the networks' reports are waited for, before ours
_LONGEST_TABLE = 50_000  # lines; mail servers take no larger file


class Broadcasts:
    """The broadcasts of one site at work. All that it knows stands in the ledger.

    Arguments:
        site: called for the site file as it is now.
        wake: called when there is something to send, with the gateway's name.
        wake_mail: called when there is a report to mail.
        now: seconds since 1970. clock: seconds that only go forward.
    """

    def __init__(
        self,
        *,
        site: Callable[[], Site],
        ledger: Ledger,
        wake: Callable[[str], None],
        wake_mail: Callable[[], None],
        now: Callable[[], float],
        clock: Callable[[], float],
    ) -> None:
        self._site = site
        self._steps = BroadcastSteps(ledger)
        self._wake = wake
        self._wake_mail = wake_mail
        self._now = now
        self._clock = clock
        self._paces: dict[int, tuple[float, Pace]] = {}
        self._day = DayCap(self._steps)
        self._log = structlog.get_logger(part="sms")

    async def run(self) -> None:
        """Move broadcasts on until cancelled."""
        while True:
            try:
                pause = _BUSY if await self.step() else _IDLE
            except LedgerError as error:
                self._log.error("ledger", reason=str(error))
                pause = _LEDGER_PAUSE
            except Exception as error:  # single texts go on
                self._log.exception("broadcasts ended by a fault", reason=repr(error))
                pause = _FAULT_PAUSE
            await asyncio.sleep(pause)

    async def step(self) -> bool:
        """Move each broadcast on as far as it may go now; returns whether one is running.

        Called once before gateways begin to send, so that none sends in quiet hours what was
        released before voxpost ended.

        Raises:
            LedgerError: the ledger did not take it.
        """
        found = await self._steps.unfinished()
        self._paces = {it.id: self._paces[it.id] for it in found if it.id in self._paces}
        running = False
        for broadcast in found:
            if broadcast.ended is not None:
                await self._close(broadcast)
            elif broadcast.starts <= self._now():
                running |= await self._move_on(broadcast)
        return running

    async def _move_on(self, broadcast: Broadcast) -> bool:
        words = await self._rests()
        if words is not None:
            if words != broadcast.words or broadcast.state is BroadcastState.RUNNING:
                await self._steps.rest(broadcast.id, words)
                self._log.info("broadcast rests", broadcast=broadcast.name, reason=words)
            return False
        if broadcast.state is BroadcastState.SCHEDULED:
            await self._steps.run(broadcast.id)
            self._log.info("broadcast runs", broadcast=broadcast.name)
        await self._release(broadcast)
        return True

    async def _rests(self) -> str | None:
        """Why no broadcast may send now."""
        site = self._site()
        if site.sms is None:
            return "the site file has no [sms]"
        quiet = read_quiet(site.sms.quiet)
        if quiet is not None and quiet.until(self._now(), ZoneInfo(site.site.timezone)) is not None:
            return f"quiet hours {site.sms.quiet}"
        if await self._left(site) <= 0:
            return f"the {site.sms.broadcast_per_day} parts of the day are used up"
        return None

    async def _left(self, site: Site) -> int:
        assert site.sms is not None
        now = self._now()
        return await self._day.left(site.sms.broadcast_per_day, day_start(site, now), now)

    async def _release(self, broadcast: Broadcast) -> None:
        pace = self._pace(broadcast)
        while True:
            places = _SLICE if pace is None else min(_SLICE, pace.places)
            left = await self._left(self._site())
            released = await self._steps.release(
                broadcast.id,
                limit=places,
                parts=left,
                ahead=_AHEAD,
                now=self._now(),
            )
            if pace is not None:
                pace.take(released.texts)
            self._day.add(released.parts)
            for gateway in released.gateways:
                self._wake(gateway)
            if released.full:
                self._day.is_short(left - released.parts)
            if released.done:
                self._log.info("broadcast done", broadcast=broadcast.name)
            if released.texts < _SLICE:
                return

    def _pace(self, broadcast: Broadcast) -> Pace | None:
        if broadcast.per_minute is None:
            return None
        rate, pace = self._paces.get(broadcast.id, (None, None))
        if pace is None or rate != broadcast.per_minute:
            pace = Pace(broadcast.per_minute, self._clock)
            self._paces[broadcast.id] = (broadcast.per_minute, pace)
        return pace

    async def _close(self, broadcast: Broadcast) -> None:
        """Mail the report of one that ended, once the networks had time for theirs."""
        states = await self._steps.states(broadcast.id)
        if states.intersection(UNSETTLED):
            if broadcast.state is BroadcastState.STOPPED:
                await self._steps.drop_rest(broadcast.id, self._now())
            return
        waited = self._now() - (broadcast.ended or 0.0)
        if TextState.SENT in states and waited < _REPORTS_WITHIN:
            return
        tally = await self._steps.tally(broadcast.id)
        table = None
        if tally.total <= _LONGEST_TABLE:
            file, take = table_of(self._site())
            await self._steps.fates(broadcast.id, take)
            table = file.getvalue()
        entry = report_entry(self._site(), broadcast, tally, table)
        await self._steps.report(broadcast.id, entry, self._now())
        self._log.info("broadcast reported", broadcast=broadcast.name, total=tally.total)
        self._wake_mail()
