"""One connection to an SMSC: requests and their answers, and whether it is still there."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import structlog

from pbx.waiting import set_within
from sms.gateways.smpp.errors import NoAnswer, NotSmpp
from sms.gateways.smpp.pdu import RESPONSE, Command, Pdu, decode, length_of
from sms.gateways.smpp.status import INVALID_COMMAND, TEMPORARY

_DELIVERIES = {Command.DELIVER_SM, Command.DATA_SM}
_LAST_SEQUENCE = 0x7FFF_FFFF
_MOST_AT_ONCE = 200
"""Deliveries that are being stored; more are put off, so that answers are still read."""
_CONFIRM_AFTER = 1.0
_UNBOUND = "the SMSC unbound us"
_UNANSWERED = 3  # of an SMSC that talks, but never answers enquire_link

Deliver = Callable[[Pdu], Awaitable[int]]
"""Stores a deliver_sm; returns the status to answer with."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a session waits, in seconds.

    Arguments:
        connect: for the connection, TLS included.
        answer: for the answer to a request.
        silence: until the SMSC is asked whether it is still there.
        farewell: for what is under way at a clean end, and for the answer to unbind.
    """

    connect: float = 20.0
    answer: float = 30.0
    silence: float = 30.0
    farewell: float = 5.0


class Session:
    """Talks to an SMSC over an open connection until either side ends it.

    Arguments:
        deliver: stores what the SMSC brings.
        confirmed: called with the number of each request of ours that was answered.
    """

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        patience: Patience,
        *,
        deliver: Deliver,
        confirmed: Callable[[int], None],
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._patience = patience
        self._deliver = deliver
        self._confirmed = confirmed
        self._clock = asyncio.get_running_loop().time
        self._heard = self._clock()
        self._turn = asyncio.Lock()
        self._waiting: dict[int, asyncio.Future[Pdu | None]] = {}
        self._storing: set[asyncio.Task[None]] = set()
        self._stored = asyncio.Event()
        self._leaving = False
        self._unbound = False
        self._why = ""
        self.last_sequence = 0
        self._log = structlog.get_logger(part="smpp")
        # So that a request is either in the kernel's hands or was never written.
        writer.transport.set_write_buffer_limits(high=0)

    @property
    def ended(self) -> str:
        """Why the link is of no use any more; empty while it is."""
        return self._why or ("it is being unbound" if self._leaving else "")

    async def ask(self, command: Command, body: bytes = b"") -> Pdu:
        """Send a request, once, and return its answer.

        Raises:
            NoAnswer: none came; `written` says whether the request may have arrived.
        """
        if self._leaving:
            raise NoAnswer(self.ended, written=False)
        return await self._ask(command, body, self._patience.answer)

    async def hold(self) -> str:
        """Serve the link until it ends; returns why it did. To be run once, beside `ask`."""
        async with asyncio.TaskGroup() as group:
            keeping = group.create_task(self._keep())
            try:
                why = await self._read(group)
            finally:
                keeping.cancel()
            self.end(why)
            if self._storing:
                await asyncio.wait(self._storing, timeout=self._patience.farewell)
            for task in self._storing:
                task.cancel()
        return self._why

    async def farewell(self) -> None:
        """End the link as the protocol wants it, what is under way first. `hold` must run."""
        if self.ended:
            return
        self._leaving = True
        under_way: set[asyncio.Future[Any]] = {*self._waiting.values(), *self._storing}
        if under_way:
            await asyncio.wait(under_way, timeout=self._patience.farewell)
        with suppress(NoAnswer):
            await self._ask(Command.UNBIND, b"", self._patience.farewell)
        self.end("unbound")

    def end(self, why: str) -> None:
        """Cut the link. What was written and is not answered never will be."""
        self._why = self._why or why
        self._writer.transport.abort()
        for answer in self._waiting.values():
            if not answer.done():
                answer.set_result(None)

    async def _ask(self, command: Command, body: bytes, seconds: float) -> Pdu:
        sequence = 0
        try:
            async with asyncio.timeout(seconds):
                async with self._turn:
                    await self._writer.drain()
                    if self._why or self._writer.is_closing():
                        raise NoAnswer(self._why or "the link has ended", written=False)
                    sequence = self._next_sequence()
                    waiting = asyncio.get_running_loop().create_future()
                    self._waiting[sequence] = waiting
                    self._write(Pdu(command, 0, sequence, body))
                answer: Pdu | None = await waiting
                if answer is None:
                    raise NoAnswer(self._why, written=True)
                return answer
        except TimeoutError:
            words = f"no answer to {command.name.lower()} within {seconds:g} s"
            raise NoAnswer(words, written=sequence != 0) from None
        except OSError as error:
            raise NoAnswer(_words(error), written=sequence != 0) from error
        finally:
            self._waiting.pop(sequence, None)

    def _next_sequence(self) -> int:
        self.last_sequence = self.last_sequence % _LAST_SEQUENCE + 1
        return self.last_sequence

    def _write(self, pdu: Pdu) -> None:
        if not self._writer.is_closing():
            self._writer.write(pdu.encode())

    async def _read(self, group: asyncio.TaskGroup) -> str:
        try:
            while True:
                async with asyncio.timeout(self._patience.farewell if self._unbound else None):
                    start = await self._reader.readexactly(4)
                    pdu = decode(start + await self._reader.readexactly(length_of(start) - 4))
                self._heard = self._clock()
                self._take(pdu, group)
                async with asyncio.timeout(self._patience.answer):
                    await self._writer.drain()
        except asyncio.IncompleteReadError:
            return _UNBOUND if self._unbound else "the SMSC closed the link"
        except NotSmpp as error:
            return f"what the SMSC sends is no SMPP: {error}"
        except TimeoutError:
            return _UNBOUND if self._unbound else "the SMSC reads nothing"
        except OSError as error:
            return f"the link broke: {_words(error)}"

    def _take(self, pdu: Pdu, group: asyncio.TaskGroup) -> None:
        if pdu.is_answer:
            self._take_answer(pdu)
        elif pdu.command in _DELIVERIES:
            if len(self._storing) < _MOST_AT_ONCE:
                task = group.create_task(self._store(pdu))
                self._storing.add(task)
                task.add_done_callback(self._storing.discard)
            else:
                self._write(pdu.answer(TEMPORARY, b"\0"))
        elif pdu.command == Command.ENQUIRE_LINK:
            self._write(pdu.answer())
        elif pdu.command == Command.UNBIND:
            self._leaving = self._unbound = True
            self._write(pdu.answer())
        elif pdu.command != Command.ALERT_NOTIFICATION:
            self._write(Pdu(Command.GENERIC_NACK, INVALID_COMMAND, pdu.sequence))

    def _take_answer(self, pdu: Pdu) -> None:
        answer = self._waiting.get(pdu.sequence)
        if answer is None or answer.done():
            self._log.warning("smpp.late_answer", command=pdu.command, status=pdu.status)
            return
        answer.set_result(pdu)
        self._confirmed(pdu.sequence)

    async def _store(self, pdu: Pdu) -> None:
        status = await self._deliver(pdu)
        if self._why:
            return
        self._write(pdu.answer(status, b"\0"))
        self._stored.set()

    async def _keep(self) -> None:
        """Ask whether the SMSC is there: after a silence, and soon after texts were answered.

        The latter tells whether our answers were read: see brought.py.
        """
        unanswered = 0
        while True:
            await self._quiet()
            heard = self._heard
            try:
                await self._ask(Command.ENQUIRE_LINK, b"", self._patience.answer)
            except NoAnswer as error:
                unanswered += 1
                if self._heard == heard or unanswered == _UNANSWERED or self._why:
                    self.end(f"the SMSC is gone: {error}")
                    return
            else:
                unanswered = 0

    async def _quiet(self) -> None:
        while (left := self._heard + self._patience.silence - self._clock()) > 0:
            if await set_within(self._stored, left):
                self._stored.clear()
                await asyncio.sleep(min(_CONFIRM_AFTER, self._patience.silence))
                return


def _words(error: OSError) -> str:
    return error.strerror or str(error) or type(error).__name__


def answers(pdu: Pdu, command: Command) -> bool:
    """Whether this is the answer to such a request, and no generic_nack."""
    return pdu.command == command | RESPONSE
