"""Delivers what stands in the outbox: leases entries, sends them, records how it ended."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from ledger.entries import Entry
from ledger.errors import LedgerError
from ledger.outbox import Outbox
from mail.errors import MailError
from mail.hold import Hold
from mail.interfaces import LetterWriter, Route, Written
from mail.outcome import Accepted, Outcome, Refused, TooLarge, TryLater
from mail.retry import RetryPolicy
from mail.spool import Spool
from mail.statistics import DeliveryStatistics

_LEASES = 4  # entries leased at a time, for each connection
_VERSIONS = 6  # ever smaller versions of one message, the last without audio
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
        self._spool = spool
        self._writer = writer
        self._route = route
        self._connections = connections
        self._retry = retry
        self._owner = owner
        self._now = now
        self._chance = chance
        self._delivered = delivered
        self._log = structlog.get_logger(part="delivery")
        self._free: asyncio.Queue[_Lane] = asyncio.Queue(connections)
        self._leased: deque[Entry] = deque()
        self._held: set[int] = set()  # leased by us, and their end is not recorded yet
        self._generation = 0
        self._hold = Hold()
        self._woken = asyncio.Event()
        self._stopping = asyncio.Event()
        self.statistics = DeliveryStatistics()

    def wake(self) -> None:
        """Say that there may be something new to deliver."""
        self._woken.set()

    def renew(self) -> None:
        """Say that the site file was reread: each connection is made anew before its next use."""
        self._generation += 1
        self._hold.lift()
        self.wake()

    def stop(self) -> None:
        """Begin nothing new; `run` returns once what is on the wire has ended."""
        self._stopping.set()
        self.wake()

    async def run(self) -> None:
        """Deliver until cancelled or stopped. Nothing is lost either way, only left waiting."""
        await self._release_all()
        lanes = [_Lane(self._route(), self._generation) for _ in range(self._connections)]
        for lane in lanes:
            self._free.put_nowait(lane)
        try:
            async with asyncio.TaskGroup() as group:
                while not self._stopping.is_set():
                    entry = await self._next()
                    if entry is None:
                        continue
                    lane = await self._free.get()
                    if self._stopping.is_set():
                        break
                    if not self._hold.lets_go(self._now(), busy=self._busy() - 1):
                        self._leased.appendleft(entry)
                        self._free.put_nowait(lane)
                        continue
                    group.create_task(self._deliver(entry, lane))
            await self._release_all()
        finally:
            for lane in lanes:
                await lane.route.close()

    async def _next(self) -> Entry | None:
        """The next entry to deliver; None after a nap, or when it is time to stop."""
        self._woken.clear()
        now = self._now()
        if not self._hold.lets_go(now, busy=self._busy()):
            await self._give_back()
            await self._nap(self._hold.until if self._hold.is_closed(now) else None)
            return None
        if self._leased:
            return self._leased.popleft()
        try:
            entries = await self._outbox.lease(
                self._connections * _LEASES, now, now + _LEASE, self._owner
            )
            # A lease can end while the message is still on the wire: a clock set ahead, a slow
            # server, an administrator's retry. It is not sent a second time beside itself.
            fresh = [entry for entry in entries if entry.id not in self._held]
            self._held.update(entry.id for entry in fresh)
            self._leased.extend(fresh)
            if entries:
                return self._leased.popleft() if self._leased else None
            await self._nap(await self._outbox.next_due())
        except LedgerError as error:
            self._log.error("ledger", reason=str(error))
            self.statistics.note_trouble(self._now(), str(error))
            await asyncio.sleep(_LEDGER_PAUSE)
        return None

    async def _give_back(self) -> None:
        """Return what was leased and not begun: it may be dropped or changed meanwhile."""
        if self._leased:
            self._held.difference_update(entry.id for entry in self._leased)
            self._leased.clear()
            await self._release_all()

    async def _release_all(self) -> None:
        try:
            await self._outbox.release_all(self._owner, self._now())
        except LedgerError as error:
            self.statistics.note_trouble(self._now(), str(error))  # the leases end by themselves

    def _busy(self) -> int:
        return self._connections - self._free.qsize()

    async def _nap(self, due: float | None) -> None:
        """Wait until the next entry is due or somebody wakes us.

        After a whole nap the idle connections are closed; servers do it after minutes.
        """
        seconds = _LONGEST_NAP if due is None else min(_LONGEST_NAP, max(0.0, due - self._now()))
        if self._stopping.is_set() or await self._woken_within(seconds) or seconds < _LONGEST_NAP:
            return
        for _ in range(self._free.qsize()):
            lane = self._free.get_nowait()
            await lane.route.close()
            self._free.put_nowait(lane)

    async def _woken_within(self, seconds: float) -> bool:
        if seconds > 0:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await self._woken.wait()
        return self._woken.is_set()

    async def _deliver(self, entry: Entry, lane: _Lane) -> None:
        """Send one entry and record its end; whatever happens, the lane is free again."""
        self.statistics.in_flight += 1
        try:
            if lane.generation != self._generation:
                await lane.route.close()
                lane.route, lane.generation = self._route(), self._generation
            try:
                outcome, written = await self._send(entry, lane.route)
            except MailError as error:
                outcome, written = Refused(f"cannot be written: {error}", 0), None
            except Exception as error:  # a fault of ours must not stop the others
                self._log.exception("delivery failed", entry=entry.id)
                words = f"fault in voxpost: {type(error).__name__}: {error}"
                outcome, written = TryLater(words), None
            await self._record(entry, outcome, written)
        finally:
            self.statistics.in_flight -= 1
            self._held.discard(entry.id)
            self._free.put_nowait(lane)
            if self._hold.until is not None:
                self.wake()

    async def _send(self, entry: Entry, route: Route) -> tuple[Outcome, Written]:
        """Send as large as the server takes it."""
        limit = route.max_size
        for _ in range(_VERSIONS):
            written = await asyncio.to_thread(self._writer.write, entry, limit)
            outcome = await route.send(written.message)
            if not isinstance(outcome, TooLarge) or written.smallest:
                break
            sent = written.message.size
            # A server that does not say how much it takes is asked with half, and half again.
            limit = outcome.limit if outcome.limit and outcome.limit < sent else sent // 2
        if isinstance(outcome, TooLarge):
            outcome = Refused(outcome.words, 552)
        return outcome, written

    async def _record(self, entry: Entry, outcome: Outcome, written: Written | None) -> None:
        """Write down how it ended, however long the ledger takes to accept that."""
        while True:
            try:
                await self._record_once(entry, outcome, written)
            except LedgerError as error:
                self._log.error("end not recorded yet", entry=entry.id, reason=str(error))
                self.statistics.note_trouble(self._now(), str(error))
                await asyncio.sleep(_LEDGER_PAUSE)
            else:
                return

    async def _record_once(self, entry: Entry, outcome: Outcome, written: Written | None) -> None:
        now = self._now()
        log = self._log.bind(entry=entry.id, kind=entry.kind, recipient=entry.recipient)
        if isinstance(outcome, Accepted):
            assert written is not None, "only what was written can be accepted"
            note = written.note
            keep = not written.whole and entry.aftercare == "delete"
            await self._outbox.delivered(entry.id, now, note, keep_recording=keep)
            await self._after_delivery(entry)
            self.statistics.count_delivered(now, now - entry.created)
            self._hold.lift()
            log.info("delivered", words=outcome.words, note=note)
            return
        words = outcome.words
        delay = None
        if isinstance(outcome, TryLater):
            age = now - entry.created
            delay = self._retry.next_delay(entry.attempts + 1, age, self._chance())
            words = words if delay is not None else f"given up after {_days(age)}: {words}"
        configuration = isinstance(outcome, TryLater) and outcome.configuration
        self.statistics.note_trouble(now, words, configuration=configuration)
        if configuration:
            self._hold.doubt(now)
        if delay is None:
            await self._outbox.failed(entry.id, now, words)
            self.statistics.failed += 1
            log.error("set aside", words=words, help=f"voxpost outbox show {entry.id}")
        else:
            await self._outbox.try_again(entry.id, now + delay, words)
            self.statistics.tried_again += 1
            log.warning("will be tried again", words=words, seconds=round(delay))
            self.wake()

    async def _after_delivery(self, entry: Entry) -> None:
        if entry.audio is not None:
            try:
                await asyncio.to_thread(self._spool.remove, entry.audio)
            except OSError as error:
                self._log.warning("recording not removed", entry=entry.id, reason=str(error))
        if entry.aftercare is not None:
            self._delivered()


@dataclass(slots=True)
class _Lane:
    """One way to the servers, and the reading of the site file that it was made from."""

    route: Route
    generation: int


def _days(seconds: float) -> str:
    days = seconds / 86400
    return f"{days:.1f} days" if days >= 1 else f"{seconds / 3600:.1f} hours"
