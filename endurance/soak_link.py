"""A TCP connection's way through us: it can be cut, or fall silent without an end."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from lab.ports import LOOPBACK

_CHUNK = 64 * 1024


class Link:
    """Passes on what comes at `port` to `to_port`, both on loopback. `async with Link(...)`."""

    def __init__(self, port: int, to_port: int) -> None:
        self.port = port
        self._to_port = to_port
        self._writers: set[asyncio.StreamWriter] = set()
        self._passing = asyncio.Event()
        self._server: asyncio.Server | None = None

    def cut(self) -> None:
        """End all connections at once, without a goodbye."""
        for writer in self._writers:
            writer.transport.abort()

    async def silent(self, seconds: float) -> None:
        """Pass nothing on for a while, then cut: what was in between is lost."""
        self._passing.clear()
        try:
            await asyncio.sleep(seconds)
        finally:
            self.cut()
            self._passing.set()

    async def __aenter__(self) -> Link:
        self._passing.set()
        self._server = await asyncio.start_server(self._join, LOOPBACK, self.port)
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        self.cut()
        await self._server.wait_closed()

    async def _join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            far_reader, far_writer = await asyncio.open_connection(LOOPBACK, self._to_port)
        except OSError:
            writer.transport.abort()
            return
        ends = {writer, far_writer}
        self._writers |= ends
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._pass_on(reader, far_writer))
                group.create_task(self._pass_on(far_reader, writer))
        finally:
            self._writers -= ends
            for end in ends:
                end.transport.abort()

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await reader.read(_CHUNK):
                await self._passing.wait()
                writer.write(data)
                await writer.drain()
        writer.close()
