"""Sends what waits for one gateway: claims it, hands it over piece by piece, records each fate."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import structlog

from ledger.errors import LedgerError
from ledger.outgoing_texts import OutgoingTexts
from ledger.text_standing import Tell
from ledger.texts import Claim, TextState
from mail.retry import RetryPolicy
from pbx.waiting import set_within
from sms.fates import Elsewhere, Ended, Judge
from sms.gateway import Fate, Gateway, GatewayState, Outgoing, Refused, Sent, Unknown
from sms.pace import Pace

_LOOK_EVERY = 5.0  # seconds between two looks for what is due
_SEND_WITHIN = 90.0  # seconds; gateways answer within a minute
_LEDGER_PAUSE = 5.0  # seconds before a ledger that refused is asked again
_GATHER = 0.01  # seconds between two turns of many texts: fewer commits, each with more of them
_MANY = 8


@dataclass(slots=True)
class LaneStatistics:
    """What one gateway has sent since voxpost started."""

    sent: int = 0
    failed: int = 0
    unknown: int = 0
    put_off: int = 0
    in_flight: int = 0
    last_error: str | None = None


class Budget(Protocol):
    """Counts the pieces of a day."""

    @property
    def left(self) -> int: ...

    def begin(self, count: int) -> None: ...


class SendingLane:
    """The way out through one gateway.

    It goes in turns: what became of pieces meanwhile is recorded, and what is to be sent next is
    claimed, in one commit. So many texts share the price of one.

    Arguments:
        owner: who claims: the same name after a restart.
        elsewhere: another gateway for a text that this one does not take.
        moved: called with the name of a gateway that has got one of our texts.
        tell: what to mail when a text failed or is unknown.
        allowance: pieces that may still go today.
        now: seconds since 1970. chance: from 0 to 1.
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
        self._judge = Judge(retry=retry, elsewhere=elsewhere, tell=tell, now=now, chance=chance)
        self._moved = moved
        self._tell = tell
        self._allowance = allowance
        self._now = now
        self._ended: list[Ended] = []  # sent meanwhile, and not recorded yet
        self._following: deque[Claim] = deque()  # next pieces of texts that went in part
        self._in_hand = 0  # texts that are claimed
        self._drained = False  # nothing was due when we looked last
        self._woken = asyncio.Event()
        self._stopping = False
        self._log = structlog.get_logger(part="sms").bind(gateway=gateway.name)

    def wake(self) -> None:
        """Say that there may be something to send."""
        self._drained = False
        self._woken.set()

    def stop(self) -> None:
        """Begin nothing new; `run` returns once what is on its way has a fate."""
        self._stopping = True
        self.wake()

    async def run(self) -> None:
        """Send until stopped. Cancelled, what is on its way becomes unknown."""
        async with asyncio.TaskGroup() as group:
            while not self._stopping or self._in_hand > len(self._following):
                self._woken.clear()
                claims = await self._turn()
                for claim in claims:
                    group.create_task(self._send(claim))
                over = self._stopping and self._in_hand <= len(self._following)
                if not claims and not self._ended and not over:
                    await self._nap()
                if self._in_hand >= _MANY:
                    await asyncio.sleep(_GATHER)
        await self._release()

    async def _turn(self) -> list[Claim]:
        """Record what was sent, and claim what is to be sent now."""
        ended, self._ended = self._ended, []
        going = sum(it.step.end is None for it in ended)
        places = 0 if self._stopping else min(self._allowance.left, self._pace.places)
        following = [self._following.popleft() for _ in range(min(places, len(self._following)))]
        free = self.gateway.window - self._in_hand + len(ended) - going
        room = min(free, places - len(following)) if self._is_up() and not self._drained else 0
        if not ended and not following and room <= 0:
            return []
        claims = await self._write(ended, following, max(0, room))
        new = len(claims) - len(following)
        self._drained = self._drained or new < room
        self._in_hand += new - len(ended) + going
        self._pace.take(len(claims))
        self._allowance.begin(len(claims))
        for it in ended:
            self._after(it)
        self.statistics.in_flight = self._in_hand
        return claims

    async def _write(
        self, ended: Sequence[Ended], following: Sequence[Claim], room: int
    ) -> list[Claim]:
        """One commit, however long the ledger takes to accept it."""
        while True:
            try:
                return await self._texts.turn(
                    self.gateway.name,
                    steps=[it.step for it in ended],
                    following=following,
                    room=room,
                    now=self._now(),
                    owner=self._owner,
                    tell=self._tell,
                )
            except LedgerError as error:
                self._log.error("ledger", reason=str(error))
                await asyncio.sleep(_LEDGER_PAUSE)

    def _after(self, ended: Ended) -> None:
        """What follows from a fate that is recorded now."""
        step, claim = ended.step, ended.step.claim
        if step.end is None:
            self._following.append(Claim(claim.text, claim.at + 1))
        if step.other is not None:
            self._moved(step.other.gateway)
        self._count(ended)

    def _is_up(self) -> bool:
        return self.gateway.health().state is GatewayState.UP

    async def _nap(self) -> None:
        """Until somebody wakes us, something was sent, or it is time to look again."""
        seconds = min(_LOOK_EVERY, self._pace.wait or _LOOK_EVERY)
        if not await set_within(self._woken, seconds):
            # Others write into the ledger too, and what was put off is due some time.
            self._drained = self._drained and self._pace.wait > 0

    async def _release(self) -> None:
        """Give back texts that went in part: whoever sends next goes on with them."""
        with contextlib.suppress(LedgerError):  # the next start does it
            await self._texts.release(self._following)

    async def _send(self, claim: Claim) -> None:
        """Send one piece, and say what became of it."""
        text = claim.text
        pieces = self.gateway.pieces(text.body, text.id % 256)
        fate: Fate
        if claim.at < len(pieces):
            key = f"{text.id}-{claim.at}"
            fate = await self._hand_over(
                Outgoing(key, text.number, text.own_number, pieces[claim.at])
            )
        else:  # the gateway's section was changed meanwhile
            words = f"was split into {text.pieces} pieces and would be {len(pieces)} now"
            fate = Refused(words)
        step = self._judge.step(claim, fate, last=claim.at + 1 >= len(pieces))
        self._ended.append(Ended(step, fate))
        self._woken.set()

    async def _hand_over(self, outgoing: Outgoing) -> Fate:
        try:
            async with asyncio.timeout(_SEND_WITHIN):
                return await self.gateway.send(outgoing)
        except TimeoutError:
            return Unknown("the gateway did not answer in time")
        except Exception as error:
            # A fault of one gateway must not end the others, nor send anything twice.
            self._log.exception("sending ended by a fault", reason=repr(error))
            return Unknown(f"a fault of voxpost: {error!r}")

    def _count(self, ended: Ended) -> None:
        step, fate, statistics = ended.step, ended.fate, self.statistics
        text = step.claim.text
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
