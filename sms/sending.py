"""Sends what waits for one gateway: claims it, hands it over piece by piece, records each fate."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

import structlog

from ledger.errors import LedgerError
from ledger.outgoing_texts import OutgoingTexts
from ledger.text_pieces import Tell
from ledger.text_steps import Carriage, Step
from ledger.texts import Claim, PieceState, Text, TextState
from mail.retry import RetryPolicy
from sms.gateway import Fate, Gateway, GatewayState, NotNow, Outgoing, Refused, Sent, Unknown
from sms.pace import Pace

_LOOK_EVERY = 5.0  # seconds between two looks for what is due
_SEND_WITHIN = 90.0  # seconds; gateways answer within a minute
_LEDGER_PAUSE = 5.0  # seconds before a ledger that refused is asked again
_DOWN_PAUSE = 10.0  # seconds until a text is tried again at a gateway that went down
_STOP_WITHIN = 20.0  # seconds for what is on its way


@dataclass(slots=True)
class LaneStatistics:
    """What one gateway has sent since voxpost started."""

    sent: int = 0
    failed: int = 0
    unknown: int = 0
    put_off: int = 0
    in_flight: int = 0
    last_error: str | None = None


class Elsewhere(Protocol):
    """Finds another gateway for a text. None: there is none."""

    def __call__(self, text: Text, *, refused: bool) -> Carriage | None: ...


class Budget(Protocol):
    """Counts the pieces of a day."""

    @property
    def left(self) -> int: ...

    def begin(self, count: int) -> None: ...


class SendingLane:
    """The way out through one gateway.

    Arguments:
        owner: who claims: the same name after a restart.
        elsewhere: another gateway for a text that this one does not take.
        moved: called with the name of a gateway that has got one of our texts.
        tell: what to mail when a text failed or is unknown.
        allowance: pieces that may still go today.
        now: seconds since 1970. clock: seconds that only go forward. chance: from 0 to 1.
    """

    def __init__(
        self,
        gateway: Gateway,
        *,
        texts: OutgoingTexts,
        owner: str,
        pace: Pace,
        retry: RetryPolicy,
        elsewhere: Elsewhere,
        moved: Callable[[str], None],
        tell: Tell,
        allowance: Budget,
        now: Callable[[], float],
        chance: Callable[[], float],
    ) -> None:
        self.gateway = gateway
        self.statistics = LaneStatistics()
        self._texts = texts
        self._owner = owner
        self._pace = pace
        self._retry = retry
        self._elsewhere = elsewhere
        self._moved = moved
        self._tell = tell
        self._allowance = allowance
        self._now = now
        self._chance = chance
        self._woken = asyncio.Event()
        self._stopping = False
        self._log = structlog.get_logger(part="sms").bind(gateway=gateway.name)

    def wake(self) -> None:
        """Say that there may be something to send."""
        self._woken.set()

    def stop(self) -> None:
        """Begin nothing new; `run` returns once what is on its way has a fate."""
        self._stopping = True
        self.wake()

    async def run(self) -> None:
        """Send until stopped. Cancelled, what is on its way becomes unknown at the next start."""
        sending: set[asyncio.Task[None]] = set()
        async with asyncio.TaskGroup() as group:
            while not self._stopping:
                self._woken.clear()
                # What is claimed goes out at once: a crash leaves nothing unknown that only waited.
                free = self.gateway.window - len(sending)
                room = min(free, self._allowance.left, self._pace.places)
                claims = await self._claim(room) if room > 0 and self._is_up() else []
                self._begin(len(claims))
                for claim in claims:
                    task = group.create_task(self._send(claim))
                    sending.add(task)
                    task.add_done_callback(sending.discard)
                if not claims:
                    await self._nap(sending)
                elif len(sending) >= self.gateway.window:
                    await asyncio.wait(sending, return_when=asyncio.FIRST_COMPLETED)
            if sending:
                await asyncio.wait(sending, timeout=_STOP_WITHIN)
            for task in list(sending):
                task.cancel()

    def _begin(self, count: int) -> None:
        self._pace.take(count)
        self._allowance.begin(count)

    def _is_up(self) -> bool:
        return self.gateway.health().state is GatewayState.UP

    async def _claim(self, limit: int) -> list[Claim]:
        try:
            return await self._texts.claim(
                self.gateway.name, limit, self._now(), self._owner, self._tell
            )
        except LedgerError as error:
            self._log.error("ledger", reason=str(error))
            await asyncio.sleep(_LEDGER_PAUSE)
            return []

    async def _nap(self, sending: set[asyncio.Task[None]]) -> None:
        """Until somebody wakes us, one under way ends, or it is time to look again."""
        waking = asyncio.ensure_future(self._woken.wait())
        try:
            await asyncio.wait(
                {waking, *sending},
                timeout=min(_LOOK_EVERY, self._pace.wait or _LOOK_EVERY),
                return_when=asyncio.FIRST_COMPLETED,
            )
        finally:
            waking.cancel()

    async def _send(self, claim: Claim) -> None:
        self.statistics.in_flight += 1
        try:
            while await self._send_piece(claim):
                claim = await self._next(claim)
        finally:
            self.statistics.in_flight -= 1

    async def _next(self, claim: Claim) -> Claim:
        """Begin with the next piece of a text, once it may go."""
        while wait := self._pace.wait:  # noqa: ASYNC110 - another text may have taken the place
            await asyncio.sleep(wait)
        self._begin(1)
        following = Claim(claim.text, claim.at + 1)
        await self._write(lambda: self._texts.begin(following, self._now()))
        return following

    async def _send_piece(self, claim: Claim) -> bool:
        """Send one piece and record its fate; returns whether another one follows."""
        text = claim.text
        pieces = self.gateway.pieces(text.body, text.id % 256)
        if claim.at >= len(pieces):  # the gateway's section was changed meanwhile
            words = f"was split into {text.pieces} pieces and would be {len(pieces)} now"
            await self._record(Step(claim, None, TextState.FAILED, words))
            return False
        outgoing = Outgoing(f"{text.id}-{claim.at}", text.number, text.own_number, pieces[claim.at])
        fate: Fate = Unknown("the gateway did not answer in time")
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_SEND_WITHIN):
                fate = await self.gateway.send(outgoing)
        step = self._step(claim, fate, last=claim.at + 1 == len(pieces))
        await self._record(step)
        if step.other is not None:
            self._moved(step.other.gateway)
        self._count(step, fate)
        return step.end is None

    def _step(self, claim: Claim, fate: Fate, *, last: bool) -> Step:
        if isinstance(fate, Sent):
            end = TextState.SENT if last else None
            return Step(claim, PieceState.SENT, end, fate.words or None, fate.reference)
        if isinstance(fate, Unknown):
            return self._end(claim, PieceState.UNKNOWN, TextState.UNKNOWN, fate.words)
        if isinstance(fate, Refused):
            other = self._other(claim, refused=True) if fate.elsewhere else None
            if other is not None:
                return self._again(claim, fate.words, 0.0, other)
            return self._end(claim, PieceState.FAILED, TextState.FAILED, fate.words)
        return self._put_off(claim, fate)

    def _put_off(self, claim: Claim, fate: NotNow) -> Step:
        text = claim.text
        other = self._other(claim, refused=False)
        if other is not None:
            return self._again(claim, fate.words, 0.0, other)
        if fate.gateway_down:
            return self._again(claim, fate.words, _DOWN_PAUSE, None)
        age = self._now() - text.created
        delay = self._retry.next_delay(text.attempts + 1, age, self._chance())
        if delay is not None:
            return self._again(claim, fate.words, delay, None)
        return self._end(claim, None, TextState.FAILED, f"given up: {fate.words}")

    def _end(self, claim: Claim, piece: PieceState | None, end: TextState, words: str) -> Step:
        mails = tuple(self._tell(claim.text, end, words, claim.at))
        return Step(claim, piece, end, words, mails=mails)

    def _again(self, claim: Claim, words: str, delay: float, other: Carriage | None) -> Step:
        due = self._now() + delay
        return Step(claim, None, TextState.WAITING, words, due=due, other=other)

    def _other(self, claim: Claim, *, refused: bool) -> Carriage | None:
        """Another gateway; none once a piece has gone out, for it would be joined with nothing."""
        return None if claim.at else self._elsewhere(claim.text, refused=refused)

    async def _record(self, step: Step) -> None:
        await self._write(lambda: self._texts.settle([step], self._now(), self._tell))

    async def _write(self, write: Callable[[], Awaitable[None]]) -> None:
        """Write it down, however long the ledger takes to accept that."""
        while True:
            try:
                return await write()
            except LedgerError as error:
                self._log.error("not recorded yet", reason=str(error))
                await asyncio.sleep(_LEDGER_PAUSE)

    def _count(self, step: Step, fate: Fate) -> None:
        text, statistics = step.claim.text, self.statistics
        facts = {"text": text.id, "piece": step.claim.at, "words": step.words}
        if isinstance(fate, Sent):
            statistics.sent += 1
            self._log.info("sent", **facts)
            return
        statistics.last_error = fate.words
        if step.end is TextState.UNKNOWN:
            statistics.unknown += 1
            help_with = f"voxpost sms show {text.id}"
            self._log.error("may have been sent", **facts, help=help_with)
        elif step.end is TextState.FAILED:
            statistics.failed += 1
            self._log.error("not sent", **facts, help=f"voxpost sms show {text.id}")
        else:
            statistics.put_off += 1
            other = None if step.other is None else step.other.gateway
            self._log.warning("will be tried again", **facts, by=other)
