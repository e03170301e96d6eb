"""Records how attempts ended: many in one commit, and none forgotten."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence

import structlog

from ledger.entries import End, Entry, State
from ledger.errors import LedgerError
from ledger.outbox import Outbox
from mail.lane import Attempt
from mail.outcome import Accepted, TryLater
from mail.retry import LONGEST, RetryPolicy
from mail.spool import Spool
from mail.statistics import DeliveryStatistics

_BATCH = 256  # ends in one commit; no more are on the way to the ledger, then sending waits
_GATHER = 0.02  # seconds to gather ends for one commit, while more are on the wire
_LEDGER_PAUSE = 5.0  # seconds before a ledger that refused is asked again


class Settler:
    """Settles attempts in the ledger, behind those who send.

    A crash between the server's 250 and the commit sends again what was sent; the stable
    Message-ID makes the server drop it.

    Arguments:
        settled: called with entries whose end is recorded, and whether some are to be tried again.
        now, chance: as in Delivery.
    """

    def __init__(
        self,
        *,
        outbox: Outbox,
        spool: Spool,
        retry: RetryPolicy,
        now: Callable[[], float],
        chance: Callable[[], float],
        statistics: DeliveryStatistics,
        settled: Callable[[Sequence[Entry], bool], None],
    ) -> None:
        self._outbox = outbox
        self._spool = spool
        self._retry = retry
        self._now = now
        self._chance = chance
        self._statistics = statistics
        self._settled = settled
        self._queue: asyncio.Queue[Attempt] = asyncio.Queue(_BATCH)
        # Bound once: a line for each message is worth its time, finding the logger is not.
        self._log = structlog.get_logger(part="delivery").bind()

    async def add(self, attempt: Attempt) -> None:
        """Have an attempt recorded soon; waits while the ledger cannot keep up."""
        await self._queue.put(attempt)

    async def drain(self) -> None:
        """Return once all that was added is recorded."""
        await self._queue.join()

    async def run(self) -> None:
        """Work until cancelled."""
        while True:
            attempts = [await self._queue.get()]
            if self._statistics.in_flight:
                await asyncio.sleep(_GATHER)
            while len(attempts) < _BATCH and not self._queue.empty():
                attempts.append(self._queue.get_nowait())
            await self._record(attempts)
            for _ in attempts:
                self._queue.task_done()

    async def _record(self, attempts: Sequence[Attempt]) -> None:
        """Write down how they ended, however long the ledger takes to accept that."""
        now = self._now()
        ends = [self._end(attempt, now) for attempt in attempts]
        while True:
            try:
                await self._outbox.settle(ends, now)
                self._statistics.note_ledger(now, None)
                break
            except LedgerError as error:
                self._log.error("ends not recorded yet", count=len(ends), reason=str(error))
                self._statistics.note_ledger(now, str(error))
                await asyncio.sleep(_LEDGER_PAUSE)
        gone = [
            attempt.entry.audio
            for attempt, end in zip(attempts, ends, strict=True)
            if attempt.entry.audio is not None and end.audio is None
        ]
        if gone:
            await asyncio.to_thread(self._remove, gone)
        for attempt, end in zip(attempts, ends, strict=True):
            self._tell(attempt, end, now)
        again = any(end.state is State.WAITING for end in ends)
        self._settled([attempt.entry for attempt in attempts], again)

    def _end(self, attempt: Attempt, now: float) -> End:
        entry, outcome, written = attempt.entry, attempt.outcome, attempt.written
        if isinstance(outcome, Accepted):
            assert written is not None, "only what was written can be accepted"
            delete = entry.aftercare == "delete"
            return End(
                entry.id,
                State.DELIVERED,
                written.note,
                # A message may still bounce: what is deleted on the telephone stays here a while.
                audio=entry.audio if delete and written.whole else None,
                # The mail went without audio, so the telephone has the only copy.
                aftercare=None if delete and not written.whole else entry.aftercare,
            )
        words = outcome.words
        if isinstance(outcome, TryLater):
            age = now - entry.created
            delay = self._retry.next_delay(entry.attempts + 1, age, self._chance())
            if delay is None and outcome.configuration and not outcome.recipient:
                delay = LONGEST  # until the settings are mended, however long that takes
            if delay is not None:
                due = now + delay
                return End(entry.id, State.WAITING, words, due, entry.audio, entry.aftercare)
            words = f"given up after {_days(age)}: {words}"
        # Still owed, should it be sent by hand after all.
        return End(entry.id, State.FAILED, words, audio=entry.audio, aftercare=entry.aftercare)

    def _remove(self, names: Iterable[str]) -> None:
        for name in names:
            try:
                self._spool.remove(name)
            except OSError as error:
                self._log.warning("recording not removed", file=name, reason=str(error))

    def _tell(self, attempt: Attempt, end: End, now: float) -> None:
        entry, statistics = attempt.entry, self._statistics
        facts = {"entry": entry.id, "kind": entry.kind, "recipient": entry.recipient}
        if end.state is State.DELIVERED:
            statistics.count_delivered(now, now - entry.created)
            self._log.info("delivered", **facts, words=attempt.outcome.words, note=end.words)
            return
        statistics.note_trouble(now, end.words or "")
        if end.state is State.FAILED:
            statistics.failed += 1
            help_with = f"voxpost outbox show {entry.id}"
            self._log.error("set aside", **facts, words=end.words, help=help_with)
        else:
            statistics.tried_again += 1
            seconds = round(end.due - now)
            self._log.warning("will be tried again", **facts, words=end.words, seconds=seconds)


def _days(seconds: float) -> str:
    days = seconds / 86400
    return f"{days:.1f} days" if days >= 1 else f"{seconds / 3600:.1f} hours"
