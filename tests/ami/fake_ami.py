"""A scripted AMI server on a loopback socket, and a way to run a connection."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

from ami.connection import AmiConnection

Action = dict[str, str]
Answer = Callable[[Action], "bytes | None"]

BANNER = b"Asterisk Call Manager/11.0.0\r\n"
FULLY_BOOTED = b"Event: FullyBooted\r\nPrivilege: system,all\r\nStatus: Fully Booted\r\n\r\n"


def packet(**lines: str) -> bytes:
    return "".join(f"{key}: {value}\r\n" for key, value in lines.items()).encode() + b"\r\n"


def response(action: Action, answer: str = "Success", **lines: str) -> bytes:
    return packet(Response=answer, ActionID=action["ActionID"], **lines)


class FakeAmi:
    """Answers Login and Ping; for the rest, see `answers`. None as an answer is silence."""

    def __init__(self) -> None:
        self.answers: dict[str, Answer] = {
            "Login": lambda action: response(action, Message="Authentication accepted"),
            "Ping": lambda action: response(action, Ping="Pong"),
        }
        self.after_login = FULLY_BOOTED
        self.banner = BANNER
        self.received: asyncio.Queue[Action] = asyncio.Queue()
        self.raw = bytearray()
        self.logins = 0
        self.connections = 0
        self.port = 0
        self._writers: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
            await self.drop()
            await self._server.wait_closed()
            self._server = None

    async def say(self, data: bytes) -> None:
        for writer in self._writers:
            writer.write(data)
            await writer.drain()

    async def drop(self) -> None:
        for writer in list(self._writers):
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()

    async def next(self, name: str) -> Action:
        """The next action of a name; others before it are passed over."""
        async with asyncio.timeout(5):
            while (action := await self.received.get())["Action"] != name:
                pass
            return action

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._writers.add(writer)
        try:
            writer.write(self.banner)
            while True:
                block = await reader.readuntil(b"\r\n\r\n")
                self.raw += block
                lines = block.decode().strip().split("\r\n")
                action = dict(line.split(": ", 1) for line in lines)
                name = action["Action"]
                if name == "Login":
                    self.logins += 1
                answer = self.answers.get(name, lambda _: None)(action)
                if answer is not None:
                    writer.write(answer)
                    if name == "Login" and b"Success" in answer:
                        writer.write(self.after_login)
                    await writer.drain()
                self.received.put_nowait(action)
        except (asyncio.IncompleteReadError, OSError):
            pass
        finally:
            self._writers.discard(writer)
            writer.close()


@asynccontextmanager
async def running(connection: AmiConnection) -> AsyncIterator[AmiConnection]:
    """Run a connection in the background and end it; what it raises comes out."""
    async with asyncio.TaskGroup() as group:
        task = group.create_task(connection.run())
        try:
            yield connection
        finally:
            connection.close()
            await asyncio.wait([task], timeout=5)
            assert task.done()
            task.cancel()
