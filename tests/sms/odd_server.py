"""An HTTP server that answers with the bytes it is told."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
DROP = b""
"""Closes the connection without an answer."""


class OddServer:
    """Answers each request with the next of its answers, and then with the last of them."""

    def __init__(self, *answers: bytes) -> None:
        self.answers = list(answers)
        self.requests: list[bytes] = []
        self.silent = False
        self.port = 0

    @asynccontextmanager
    async def listen(self) -> AsyncIterator["OddServer"]:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        async with server:
            yield self

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await self._talk(reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = LENGTH.search(head)
        body = await reader.readexactly(int(length[1])) if length else b""
        self.requests.append(head + body)
        if self.silent:
            await reader.read()
            return
        writer.write(self.answers.pop(0) if len(self.answers) > 1 else self.answers[0])
        await writer.drain()


def answer(status: int, body: str = "", *headers: str) -> bytes:
    """An HTTP answer."""
    octets = body.encode()
    lines = [f"HTTP/1.1 {status} said", f"Content-Length: {len(octets)}", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + octets
