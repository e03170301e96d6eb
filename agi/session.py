"""One FastAGI connection: the thin shell of sockets around wire.py and replies.py."""

# Nothing of panoramisk.fast_agi is used: Application.handler() freezes the loop on a port probe,
# and Request.send_command(), the one part left, takes HANGUP for a reply, reads two lines of a
# 520 and sends line breaks on. A Protocol rather than streams: what comes while no command waits
# (HANGUP, a forged reply) is seen at once, and a session costs a third less.

from __future__ import annotations

import asyncio
from typing import Protocol

import structlog

from agi import wire
from agi.call import Call
from agi.errors import BadHeader, CallEnded, ProtocolError
from agi.patience import Patience
from agi.replies import Reply, ReplyReader


class Owner(Protocol):
    """Who keeps the connections: the server."""

    def joined(self, connection: Connection) -> bool:
        """A peer has connected; False sends it away."""
        ...

    def asked(self, connection: Connection, call: Call) -> None:
        """The header is there. The owner closes the connection when the call is answered."""
        ...

    def failed(self, connection: Connection, reason: str) -> None:
        """What came is no header; the connection closes."""
        ...

    def left(self, connection: Connection) -> None:
        """A connection that had joined is gone."""
        ...


class Connection(asyncio.Protocol):
    """The commands and replies of one FastAGI connection; satisfies call.Channel.

    One command is on its way at a time. A command given up while it waits (a time limit inside
    a script) leaves its reply behind; the next one skips it. patience is with a peer that does
    not say who it is.
    """

    _transport: asyncio.Transport

    def __init__(self, owner: Owner, patience: Patience) -> None:
        self._owner = owner
        self._patience = patience
        self._header: bytearray | None = bytearray()  # None once it is read or refused
        self._replies = ReplyReader()
        self._owed = 0  # replies that Asterisk still has to send
        self._turn = asyncio.Lock()
        self._news: asyncio.Future[None] | None = None
        self._joined = False
        self._ended = False
        self.peer = ""

    @property
    def hung_up(self) -> bool:
        """Whether HANGUP has come."""
        return self._replies.hung_up

    async def execute(self, command: bytes) -> Reply:
        """Send a command, return its reply. Raises CallEnded, ProtocolError."""
        async with self._turn:
            self._write(command)
            self._owed += 1
            while True:
                if (reply := self._replies.next_reply()) is None:
                    await self._more()
                    continue
                self._owed -= 1
                if not self._owed:
                    self._drop_unasked()
                    return reply

    async def send_last(self, command: bytes) -> None:
        """Send a command and do not wait. Raises CallEnded."""
        self._write(command)

    def close(self) -> None:
        """Close in order. A peer so deaf that even one command waits unsent is cut off."""
        if self._transport.get_write_buffer_size():
            self._transport.abort()
        else:
            self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Asyncio's word for a new peer."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self.peer = (transport.get_extra_info("peername") or [""])[0]
        self._joined = self._owner.joined(self)
        if not self._joined:
            self._header = None
            transport.close()
            return
        self._patience.wait_for(self)

    def is_late(self, seconds: float) -> None:
        """The header did not come in time (patience.Peer)."""
        self._refuse(f"no whole header in {seconds:g} s")

    def data_received(self, data: bytes) -> None:
        """Asyncio's word for bytes that came."""
        if self._header is not None:
            self._read_header(self._header, data)
        elif self._joined:
            self._take(data)

    def connection_lost(self, exc: Exception | None) -> None:
        """Asyncio's word for a peer that is gone, or that we closed."""
        self._ended = True
        if self._header is not None:
            self._refuse(f"closed after {len(self._header)} bytes of header")
        if self._joined:
            self._owner.left(self)
        self._wake()

    def _read_header(self, header: bytearray, data: bytes) -> None:
        searched = max(len(header) - 1, 0)
        header += data
        end = header.find(wire.HEADER_END, searched)
        if (len(header) if end < 0 else end) > wire.MAX_HEADER_BYTES:
            self._refuse(f"a header of over {wire.MAX_HEADER_BYTES} bytes")
            return
        if end < 0:
            return
        try:
            env = wire.parse_header(header[:end])
        except BadHeader as error:
            self._refuse(str(error))
            return
        self._header = None
        self._patience.forget(self)
        if rest := bytes(header[end + len(wire.HEADER_END) :]):
            self._take(rest)
        path, _, _ = env.get("agi_network_script", "").partition("?")
        arguments = wire.arguments(env)
        self._owner.asked(self, Call(self, env, path.strip("/"), args=arguments))

    def _refuse(self, reason: str) -> None:
        self._header = None
        self._patience.forget(self)
        self._owner.failed(self, reason)
        self._transport.close()

    def _take(self, data: bytes) -> None:
        try:
            self._replies.feed(data)
        except ProtocolError as error:
            structlog.get_logger().warning("agi.cut_off", peer=self.peer, reason=str(error))
            self._transport.abort()
            return
        if not self._owed:
            self._drop_unasked()
        self._wake()

    def _drop_unasked(self) -> None:
        if dropped := self._replies.drop_rest():
            structlog.get_logger().warning("agi.unasked_reply_dropped", bytes=dropped)

    def _write(self, command: bytes) -> None:
        # No drain: one command of 2,000 bytes at most is on its way, so nothing piles up.
        if self._ended or self._transport.is_closing():
            raise CallEnded("Asterisk closed the connection")
        self._transport.write(command)

    async def _more(self) -> None:
        if self._ended:
            raise CallEnded("Asterisk closed the connection before it answered")
        self._news = asyncio.get_running_loop().create_future()
        await self._news

    def _wake(self) -> None:
        if self._news is not None and not self._news.done():
            self._news.set_result(None)
