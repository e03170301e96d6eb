"""Delivers what stands in the outbox: leases entries, writes and sends them, settles the ends.

Entries go by in a row of stations, each with little in hand: the ledger, the ready letters, the
lanes to the servers, and the settler, which commits many ends at once.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable, Sequence

import structlog

from ledger.entries import Entry
from ledger.errors import LedgerError
from ledger.outbox import Outbox
from mail.hold import Hold
from mail.interfaces import LetterWriter, Route
from mail.lane import Job, Lane
from mail.outcome import Accepted, TryLater
from mail.retry import RetryPolicy
from mail.settling import Settler
from mail.spool import Spool
from mail.statistics import DeliveryStatistics
from pbx.waiting import set_within

_LEASES = 64  # entries leased at a time, for each connection
_READY = 32  # entries ready to be sent, for each connection
_AHEAD = 32  # letters written ahead in one go
_LEASE = 900.0  # seconds; longer than the slowest server can make one message last
_LONGEST_NAP = 30.0  # seconds; a clock that was set back must not make us sleep for hours
_LEDGER_PAUSE = 5.0  # seconds before a ledger that refused is asked again


class Delivery:
    """The delivery of one outbox over a number of connections.

    Arguments:
        route: makes a way to the servers as the site file names them now.
        owner: who holds the leases: the same name after a restart.
        now: seconds since 1970.
        chance: a random number from 0 to 1.
        delivered: called after each delivery, when something is left to do in the mailbox.
    """

    def __init__(
        self,
        *,
        outbox: Outbox,
        spool: Spool,
        writer: LetterWriter,
        route: Callable[[], Route],
        connections: int,
        retry: RetryPolicy,
        owner: str,
        now: Callable[[], float],
        chance: Callable[[], float],
        delivered: Callable[[], None] = lambda: None,
    ) -> None:
        self._outbox = outbox
        self._writer = writer
        self._route = route
        self._connections = connections
        self._owner = owner
        self._now = now
        self._delivered = delivered
        self._log = structlog.get_logger(part="delivery")
        self._leased: deque[Entry] = deque()
        self._ready: asyncio.Queue[Job | None] = asyncio.Queue(connections * _READY)
        self._in_hand: dict[Lane, Job] = {}  # what a lane will send next, and may have announced
        self._held: set[int] = set()  # leased by us, and their end is not recorded yet
        self._reading = 0
        self._hold = Hold()
        self._proven = False  # a message went through with the settings as they are
        self._woken = asyncio.Event()
        self._stopping = asyncio.Event()
        self.statistics = DeliveryStatistics()
        self._settler = Settler(
            outbox=outbox,
            spool=spool,
            retry=retry,
            now=now,
            chance=chance,
            statistics=self.statistics,
            settled=self._settled,
        )

    def wake(self) -> None:
        """Say that there may be something new to deliver."""
        self._woken.set()

    def renew(self) -> None:
        """Say that the site file was reread: connections and letters are made anew."""
        self._reading += 1
        self._proven = False
        self._hold.lift()
        self.wake()

    def stop(self) -> None:
        """Begin nothing new; `run` returns once what is on the wire has ended."""
        self._stopping.set()
        self.wake()

    async def run(self) -> None:
        """Deliver until cancelled or stopped. Nothing is lost either way, only left waiting."""
        await self._release_all()
        lanes = [Lane(self._writer, self._route, self._reading) for _ in range(self._connections)]
        try:
            async with asyncio.TaskGroup() as group:
                settling = group.create_task(self._settler.run())
                working = [group.create_task(self._work(lane)) for lane in lanes]
                await self._feed()
                await self._give_back()
                for _ in lanes:
                    await self._ready.put(None)
                await asyncio.wait(working)
                await self._settler.drain()
                settling.cancel()
            await self._release_all()
        finally:
            for lane in lanes:
                await lane.close()

    async def _feed(self) -> None:
        """Keep the lanes supplied until it is time to stop."""
        while not self._stopping.is_set():
            self._woken.clear()
            now = self._now()
            if not self._hold.lets_go(now, busy=self.statistics.in_flight):
                await self._give_back()
                await self._nap(self._hold.until if self._hold.is_closed(now) else None)
            elif self._leased or await self._lease(now):
                for job in await self._next_jobs():
                    await self._ready.put(job)

    async def _lease(self, now: float) -> bool:
        """Lease what is due; False after a nap, when there was nothing."""
        limit = self._connections * _LEASES
        try:
            entries = await self._outbox.lease(limit, now, now + _LEASE, self._owner)
            self.statistics.note_ledger(now, None)
            # A lease can end while the message is still on the wire: a clock set ahead, a slow
            # server, an administrator's retry. It is not sent a second time beside itself.
            fresh = [entry for entry in entries if entry.id not in self._held]
            self._held.update(entry.id for entry in fresh)
            self._leased.extend(fresh)
            if not entries:
                await self._nap(await self._outbox.next_due())
        except LedgerError as error:
            self._log.error("ledger", reason=str(error))
            self.statistics.note_ledger(now, str(error))
            await asyncio.sleep(_LEDGER_PAUSE)
        return bool(self._leased)

    async def _next_jobs(self) -> list[Job]:
        """Some of what is leased. Letters alone are written ahead, in one go.

        One with a recording is written by its lane: it takes longer, and more memory.
        """
        reading = self._reading
        entries = [self._leased.popleft() for _ in range(min(len(self._leased), _AHEAD))]
        if any(entry.audio is None for entry in entries):
            return await asyncio.to_thread(self._write_letters, entries, reading)
        return [Job(entry, None, reading) for entry in entries]

    def _write_letters(self, entries: Sequence[Entry], reading: int) -> list[Job]:
        jobs = []
        for entry in entries:
            written = None
            if entry.audio is None:
                # The lane tries again and says what is wrong.
                with contextlib.suppress(Exception):
                    written = self._writer.write(entry, None)
            jobs.append(Job(entry, written, reading))
        return jobs

    async def _give_back(self) -> None:
        """Return what was leased and not begun: it may be dropped or changed meanwhile."""
        while not self._ready.empty():
            if (job := self._ready.get_nowait()) is not None:
                self._leased.append(job.entry)
        self._leased.extend(job.entry for job in self._in_hand.values())
        self._in_hand.clear()
        if self._leased:
            self._held.difference_update(entry.id for entry in self._leased)
            self._leased.clear()
            await self._release_all()

    async def _release_all(self) -> None:
        try:
            await self._outbox.release_all(self._owner, self._now())
        except LedgerError as error:
            self.statistics.note_trouble(self._now(), str(error))  # the leases end by themselves

    async def _nap(self, due: float | None) -> None:
        """Wait until the next entry is due or somebody wakes us."""
        seconds = _LONGEST_NAP if due is None else min(_LONGEST_NAP, max(0.0, due - self._now()))
        if seconds > 0 and not self._stopping.is_set():
            await set_within(self._woken, seconds)

    async def _work(self, lane: Lane) -> None:
        """Send what is ready over one lane, until it is told to end."""
        while (job := await self._next_ready(lane)) is not None:
            now = self._now()
            if self._stopping.is_set() or not self._hold.lets_go(
                now, busy=self.statistics.in_flight
            ):
                self._leased.append(job.entry)
                self.wake()
                continue
            if job.entry.due <= now:  # the lease ended: it may be somebody else's by now
                self._held.discard(job.entry.id)
                self.wake()
                continue
            self.statistics.in_flight += 1
            try:
                attempt = await lane.send(job, self._reading, self._following(lane, job))
            finally:
                self.statistics.in_flight -= 1
            if isinstance(attempt.outcome, Accepted):
                self._proven = True
                self._hold.lift()
            elif isinstance(attempt.outcome, TryLater) and attempt.outcome.configuration:
                # One who may not be written to from here keeps nobody else waiting.
                if not (self._proven and attempt.outcome.recipient):
                    self._hold.doubt(self._now())
                self.statistics.configuration_trouble = attempt.outcome.words
            if self._hold.until is not None:
                self.wake()
            await self._settler.add(attempt)

    def _following(self, lane: Lane, job: Job) -> Job | None:
        """What a lane takes in hand beside its job, with enough left for the others.

        Nothing has to wait behind a recording, which takes long.
        """
        # The marks of the end are as many as the lanes, and stay for them.
        if job.written is None or self._ready.qsize() <= self._connections:
            return None
        following = self._ready.get_nowait()
        assert following is not None, "what is to be sent stands before the marks of the end"
        self._in_hand[lane] = following
        return following

    async def _next_ready(self, lane: Lane) -> Job | None:
        """The next job. A connection that is idle for long is closed; servers do it too.

        Then a lane also takes over what waits in another's hand, behind a server that stalls.
        """
        if (job := self._in_hand.pop(lane, None)) is not None:
            return job
        if self._ready.empty():
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_LONGEST_NAP):
                    return await self._ready.get()
            await lane.close()
            if self._in_hand:
                return self._in_hand.popitem()[1]
        return await self._ready.get()

    def _settled(self, entries: Sequence[Entry], again: bool) -> None:
        self._held.difference_update(entry.id for entry in entries)
        if any(entry.aftercare is not None for entry in entries):
            self._delivered()
        if again:
            self.wake()
