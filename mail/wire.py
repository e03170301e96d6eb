"""The conversation on an open connection to a mail server: commands out, replies in (RFC 5321).

aiosmtplib dials and logs in; from there on its protocol would cost a round trip for each command,
and it may take a second reply of one packet for the answer to the next command. This one sends
commands in groups (RFC 2920) and keeps every reply in its place.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Mapping
from typing import NamedTuple

_LONGEST = 32 * 1024  # bytes of an unfinished reply; a server that says more is talking nonsense
_BLOCK = 256 * 1024  # bytes that must be taken within the time limit
_HIGH_WATER = 64 * 1024  # bytes not yet taken by the kernel before we wait for the server


class Reply(NamedTuple):
    """What the server answered; a text of several lines is joined by line ends."""

    code: int
    text: str


class ServerGone(ConnectionError):
    """The connection ended where an answer was due."""


class NotSmtp(ValueError):
    """The server says what is no reply, or what nobody asked for."""


class SmtpWire(asyncio.Protocol):
    """One connection after its log-in.

    Arguments:
        transport: the open connection, which is taken over.
        extensions: what EHLO announced, names in lower case.
        timeout: seconds for each answer, and for each block of content to be taken.
    """

    def __init__(
        self, transport: asyncio.Transport, extensions: Mapping[str, str], timeout: float
    ) -> None:
        self.extensions = extensions
        self._transport = transport
        self._timeout = timeout
        self._unread = b""
        self._lines: list[str] = []  # of a reply that is not complete yet
        self._replies: deque[Reply] = deque()
        self._fault: Exception | None = None
        self._waiting: asyncio.Future[None] | None = None
        self._wanted = 0
        self._deadline = 0.0
        self._limit = timeout
        self._alarm: asyncio.TimerHandle | None = None
        self._paused = False
        transport.set_protocol(self)
        transport.set_write_buffer_limits(high=_HIGH_WATER)

    @property
    def fault(self) -> Exception | None:
        """Why no more answers come; None while they may."""
        return self._fault

    @property
    def is_open(self) -> bool:
        """Whether the connection stands, as far as is known on this side."""
        return self._fault is None and not self._transport.is_closing()

    async def write(self, data: bytes) -> None:
        """Send; returns when the server keeps up.

        Raises:
            OSError: the connection is gone, or nothing was taken for too long.
            NotSmtp: the server has said what nobody asked; at worst an old 250 that would pass
                for the fate of a message.
        """
        self.require_silence()
        for start in range(0, len(data), _BLOCK):
            self._transport.write(data[start : start + _BLOCK])
            if self._paused:
                await self._wait(0)
                if self._fault is not None:
                    raise self._fault

    def require_silence(self) -> None:
        """Raise as `write` does, if writing cannot even begin."""
        if self._fault is not None:
            raise self._fault
        if self._replies or self._lines:
            raise NotSmtp("the server answers what nobody asked")

    async def replies(self, count: int, timeout: float | None = None) -> list[Reply]:
        """Wait for so many answers; fewer come back when the connection fails before the last.

        timeout: seconds, where these may take longer than others.

        Raises:
            OSError, NotSmtp: it fails before the first.
        """
        if len(self._replies) < count and self._fault is None:
            await self._wait(count, timeout)
        found = [self._replies.popleft() for _ in range(min(count, len(self._replies)))]
        if not found:
            assert self._fault is not None
            raise self._fault
        return found

    def abort(self) -> None:
        """Drop the connection at once. A polite close would wait for a stalled server to read."""
        self._transport.abort()

    async def _wait(self, count: int, timeout: float | None = None) -> None:
        """Until `count` replies are there, or, for 0, until writing may go on; or a fault."""
        loop = asyncio.get_running_loop()
        self._wanted = count
        self._limit = timeout or self._timeout
        self._deadline = loop.time() + self._limit
        if self._alarm is None:
            self._alarm = loop.call_later(self._timeout, self._look_at_clock, loop)
        self._waiting = loop.create_future()
        try:
            await self._waiting
        finally:
            self._waiting = None

    def _look_at_clock(self, loop: asyncio.AbstractEventLoop) -> None:
        """Fail when an answer is overdue. One alarm goes on for all, as each would cost 5 µs."""
        self._alarm = None
        if self._waiting is None:
            return
        if loop.time() >= self._deadline:
            self._fail(TimeoutError(f"no answer within {self._limit:g} s"))
        else:
            # Never further than an ordinary wait: the next one may begin before.
            at = min(self._deadline, loop.time() + self._timeout)
            self._alarm = loop.call_at(at, self._look_at_clock, loop)

    def _wake(self) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)

    def _fail(self, fault: Exception) -> None:
        if self._fault is None:
            self._fault = fault
        self._wake()

    def data_received(self, data: bytes) -> None:
        if self._fault is not None:
            return
        *lines, self._unread = (self._unread + data).split(b"\n")
        try:
            for line in lines:
                self._take(line)
        except NotSmtp as fault:
            self._fail(fault)
        if len(self._unread) + sum(map(len, self._lines)) > _LONGEST:
            self._fail(NotSmtp("the server's answer has no end"))
        elif self._wanted and len(self._replies) >= self._wanted:
            self._wake()

    def _take(self, line: bytes) -> None:
        """Take a line of a reply.

        Raises:
            NotSmtp: it is none.
        """
        code = line[:3]
        if not code.isdigit() or line[3:4] not in {b" ", b"-", b"", b"\r"}:
            raise NotSmtp(f"no SMTP answer: {line.decode('ascii', 'replace')[:200]}")
        self._lines.append(line[4:].strip().decode("utf-8", "surrogateescape"))
        if line[3:4] != b"-":
            self._replies.append(Reply(int(code), "\n".join(self._lines)))
            self._lines = []

    def eof_received(self) -> bool:
        self._fail(ServerGone("the server closed the connection"))
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
        self._fail(exc or ServerGone("the connection is gone"))

    def pause_writing(self) -> None:
        self._paused = True

    def resume_writing(self) -> None:
        self._paused = False
        if not self._wanted:
            self._wake()
