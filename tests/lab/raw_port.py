"""A serial port as a program sees it, without any library."""

from __future__ import annotations

import asyncio
import os
import tty
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path


class RawPort:
    """An open port. lost: set when it has hung up."""

    def __init__(self, descriptor: int) -> None:
        self.heard = b""
        self.lost = asyncio.Event()
        self._descriptor = descriptor
        self._news = asyncio.Event()
        asyncio.get_running_loop().add_reader(descriptor, self._read)

    def say(self, data: bytes) -> None:
        os.write(self._descriptor, data)

    async def hears(self, end: bytes) -> bytes:
        """All that came, up to and with `end`."""
        while end not in self.heard:
            self._news.clear()
            await self._news.wait()
        before, self.heard = self.heard.split(end, 1)
        return before + end

    async def ask(self, command: str, end: bytes = b"\r\nOK\r\n") -> bytes:
        self.say(command.encode() + b"\r")
        return await self.hears(end)

    def close(self) -> None:
        asyncio.get_running_loop().remove_reader(self._descriptor)
        os.close(self._descriptor)

    def _read(self) -> None:
        try:
            data = os.read(self._descriptor, 4096)
        except OSError:
            data = b""
        self.heard += data
        self._news.set()
        if not data:
            self.lost.set()
            asyncio.get_running_loop().remove_reader(self._descriptor)


@asynccontextmanager
async def raw_port(link: Path) -> AsyncIterator[RawPort]:
    descriptor = os.open(link, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
    tty.setraw(descriptor)
    port = RawPort(descriptor)
    try:
        async with asyncio.timeout(10):
            yield port
    finally:
        port.close()
