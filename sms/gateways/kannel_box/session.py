"""One connection to a bearerbox: texts and their acks, and what it brings."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from sms.gateways.kannel_box.errors import BadFrame, NoAck
from sms.gateways.kannel_box.frames import (
    Ack,
    Admin,
    Command,
    Frame,
    Frames,
    Heartbeat,
    Nack,
    Sms,
    decode,
    encode,
)

_TICK = 1.0  # seconds between two looks whether bearerbox still answers
_AT_ONCE = 65536  # octets
_MOST_AT_ONCE = 1000
"""Texts and reports that are being stored. bearerbox brings 100, or its smsbox-max-pending."""
_GOING = (Command.SHUTDOWN, Command.RESTART)

Take = Callable[[Sms], Awaitable[Nack]]
"""Stores what bearerbox brings; returns what to answer."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a session waits, in seconds.

    Arguments:
        connect: for the connection, TLS included.
        answer: for an ack, and until what was written is read.
        heartbeat: between two signs of life.
        farewell: for what is under way at the end.
    """

    connect: float = 20.0
    answer: float = 25.0
    heartbeat: float = 20.0
    farewell: float = 5.0


@dataclass(slots=True, eq=False)
class _Waiting:
    ack: asyncio.Future[int | None]
    since: float


class Session:
    """Talks to a bearerbox over an open connection until either side ends it.

    The protocol has no way to ask whether bearerbox is there: what it is given first goes alone.
    One that hangs, or was suspended, gets one text and not a whole window of them.
    """

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        patience: Patience,
        *,
        box_id: str,
        take: Take,
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._patience = patience
        self._take_in = take
        self._clock = asyncio.get_running_loop().time
        self._turn = asyncio.Lock()
        self._first = asyncio.Lock()
        self._sure = False
        self._waiting: dict[bytes, _Waiting] = {}
        self._storing: set[asyncio.Task[None]] = set()
        self._unread_since: float | None = None
        self._leaving = ""
        self._why = ""
        self.stalled = False
        """Whether it ended because bearerbox did not answer a text."""
        # So that a text is either in the kernel's hands or was never written.
        writer.transport.set_write_buffer_limits(high=0)
        _end_when_unreachable(writer, patience.answer)
        self._write(Admin(Command.IDENTIFY, box_id.encode()))

    @property
    def ended(self) -> str:
        """Why the link is of no use any more; empty while it is."""
        return self._why or self._leaving

    @property
    def under_way(self) -> int:
        """Texts that wait for their acks."""
        return len(self._waiting)

    async def ask(self, sms: Sms) -> int:
        """Send a text, once, and return what its ack says.

        Raises:
            NoAck: none came; `written` says whether the text may have arrived.
        """
        if not self._sure:
            async with self._first:
                if not self._sure:
                    nack = await self._ask(sms)
                    self._sure = True
                    return nack
        return await self._ask(sms)

    async def hold(self) -> str:
        """Serve the link until it ends; returns why it did. To be run once, beside `ask`."""
        async with asyncio.TaskGroup() as group:
            keeping = group.create_task(self._keep())
            try:
                why = await self._read(group)
            except asyncio.CancelledError:
                self._leaving = self._leaving or "voxpost leaves"
                await self._leave()
                raise
            finally:
                keeping.cancel()
            self.end(why)
            for task in self._storing:
                task.cancel()  # bearerbox brings it again
        return self._why

    def end(self, why: str) -> None:
        """Cut the link. What was written and has no ack never gets one."""
        self._why = self._why or why
        self._writer.transport.abort()
        for it in self._waiting.values():
            if not it.ack.done():
                it.ack.set_result(None)

    async def _ask(self, sms: Sms) -> int:
        assert sms.id is not None
        octets = encode(sms)
        async with self._turn:
            try:
                await self._writer.drain()
            except OSError as error:
                raise NoAck(self._why or _words(error), written=False) from error
            if self.ended or self._writer.is_closing():
                raise NoAck(self.ended or "the link has ended", written=False)
            waiting = _Waiting(asyncio.get_running_loop().create_future(), self._clock())
            self._waiting[sms.id] = waiting
            self._writer.write(octets)
        try:
            nack = await waiting.ack
        finally:
            self._waiting.pop(sms.id, None)
        if nack is None:
            raise NoAck(self._why, written=True)
        return nack

    def _write(self, frame: Heartbeat | Admin | Ack) -> None:
        if not self._writer.is_closing():
            self._writer.write(encode(frame))

    async def _read(self, group: asyncio.TaskGroup) -> str:
        frames = Frames()
        try:
            while octets := await self._reader.read(_AT_ONCE):
                for body in frames.feed(octets):
                    self._take(decode(body), group)
        except BadFrame as error:
            return f"what Kannel sends is not of its box protocol: {error}. Is the port right?"
        except OSError as error:
            return f"the link broke: {_words(error)}"
        return self._leaving or "Kannel closed the link. Does its box-allow-ip have our address?"

    def _take(self, frame: Frame, group: asyncio.TaskGroup) -> None:
        match frame:
            case Ack(nack, _, identity):
                waiting = self._waiting.get(identity or b"")
                if waiting is not None and not waiting.ack.done():
                    waiting.ack.set_result(nack)
            case Sms() if len(self._storing) >= _MOST_AT_ONCE:
                self._write(Ack(Nack.FAILED_FOR_NOW, frame.time, frame.id))
            case Sms():
                task = group.create_task(self._store(frame))
                self._storing.add(task)
                task.add_done_callback(self._storing.discard)
            case Admin(command, _) if command in _GOING and not self._leaving:
                self._leaving = "Kannel is shut down"
                group.create_task(self._leave())

    async def _store(self, sms: Sms) -> None:
        nack = await self._take_in(sms)
        self._write(Ack(nack, sms.time, sms.id))

    async def _leave(self) -> None:
        """End the link once what is under way is done."""
        under_way: set[asyncio.Future[Any]] = {it.ack for it in self._waiting.values()}
        under_way |= self._storing
        if under_way:
            await asyncio.wait(under_way, timeout=self._patience.farewell)
        if not self._writer.is_closing():
            self._writer.close()  # what was written last still goes out
        await self._flushed()
        self.end(self._leaving)

    async def _flushed(self) -> None:
        try:
            async with asyncio.timeout(self._patience.farewell):
                await self._writer.wait_closed()
        except (OSError, TimeoutError):
            return

    async def _keep(self) -> None:
        """Show that we are there, and end a link over which nothing is answered."""
        shown = self._clock()
        while True:
            await asyncio.sleep(min(_TICK, self._patience.answer / 2))
            now = self._clock()
            oldest = next(iter(self._waiting.values()), None)
            if oldest is not None and now - oldest.since > self._patience.answer:
                self.stalled = True
                self.end(f"Kannel did not answer a text within {self._patience.answer:g} s")
                return
            if self._is_unread(now):
                self.end("Kannel reads nothing")
                return
            if now - shown >= self._patience.heartbeat:
                shown = now
                self._write(Heartbeat())

    def _is_unread(self, now: float) -> bool:
        if not self._writer.transport.get_write_buffer_size():
            self._unread_since = None
            return False
        self._unread_since = self._unread_since or now
        return now - self._unread_since > self._patience.answer


def _end_when_unreachable(writer: asyncio.StreamWriter, seconds: float) -> None:
    """Have the kernel end the connection when what is written is not received in time."""
    connection = writer.get_extra_info("socket")
    milliseconds = round(1000 * seconds)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, milliseconds)


def _words(error: OSError) -> str:
    return error.strerror or str(error) or type(error).__name__
