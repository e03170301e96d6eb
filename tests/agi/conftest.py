"""A stand-in for Asterisk's side of FastAGI, and fake services."""

import asyncio
import datetime
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import pytest

from agi.call import Call
from agi.registry import Script
from agi.server import FastAgiServer, Limits
from agi.services import MissedCall, OfficeState, Services, TextWanted

NOON = datetime.datetime(2026, 3, 2, 12, 0, tzinfo=datetime.UTC)


class FakeServices:
    """Remembers what was handed over; `trouble` is raised by every door when set."""

    def __init__(self) -> None:
        self.trouble: Exception | None = None
        self.office = OfficeState(open=True, greeting="welcome", destination="2000")
        self.messages = 1
        self.voicemails: list[str] = []
        self.missed: list[MissedCall] = []
        self.texts: list[TextWanted] = []
        self.refusal = ""

    def now(self) -> datetime.datetime:
        return NOON

    def office_state(self, now: datetime.datetime) -> OfficeState:
        assert now == NOON
        self._fail()
        return self.office

    async def hand_over_voicemail(self, mailbox: str) -> int:
        self._fail()
        self.voicemails.append(mailbox)
        return self.messages

    async def hand_over_missed_call(self, missed: MissedCall) -> None:
        self._fail()
        self.missed.append(missed)

    async def send_text(self, wanted: TextWanted) -> str:
        self._fail()
        self.texts.append(wanted)
        return self.refusal

    def _fail(self) -> None:
        if self.trouble is not None:
            raise self.trouble


class Line:
    """Asterisk's end of one FastAGI connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    def send(self, data: bytes) -> None:
        self.writer.write(data)

    async def command(self) -> bytes:
        """The next command line, without its end; b"" when the server has closed."""
        async with asyncio.timeout(5):
            return (await self.reader.readline()).rstrip(b"\n")

    async def reply(self, answer: bytes) -> bytes:
        """Take a command in, answer it, and return it."""
        command = await self.command()
        self.send(answer + b"\n")
        return command

    async def closed(self) -> bool:
        """Whether the server closes, having said nothing more."""
        return await self.command() == b""


def header(script: str, **more: str) -> bytes:
    lines = {
        "agi_network": "yes",
        "agi_network_script": script,
        "agi_request": f"agi://127.0.0.1/{script}",
        "agi_uniqueid": "1700000000.1",
        "agi_accountcode": "",
        **more,
    }
    return "".join(f"{name}: {value}\n" for name, value in lines.items()).encode() + b"\n"


Serve = Callable[..., AbstractAsyncContextManager[FastAgiServer]]
Ring = Callable[..., Awaitable[Line]]


@pytest.fixture
def services() -> FakeServices:
    return FakeServices()


@pytest.fixture
def agi_header() -> Callable[..., bytes]:
    return header


@pytest.fixture
def serve(services: FakeServices) -> Serve:
    """`async with serve(name=function)`: a server on a free port with these scripts."""

    @asynccontextmanager
    async def running(
        limits: Limits | None = None,
        time_limit: float = 5,
        peers: object = None,
        **functions: Callable[[Call, Services], Awaitable[None]],
    ) -> AsyncIterator[FastAgiServer]:
        limits = limits or Limits(stop_seconds=0.05)
        scripts = {name: Script(name, time_limit, run) for name, run in functions.items()}
        more = {} if peers is None else {"peers": peers}
        async with FastAgiServer(scripts, services, port=0, limits=limits, **more) as server:
            yield server

    return running


@pytest.fixture
async def ring() -> AsyncIterator[Ring]:
    """`await ring(server, "name")`: connect as Asterisk does, header sent."""
    lines: list[Line] = []

    async def connect(server: FastAgiServer, script: str = "", **more: str) -> Line:
        line = Line(*await asyncio.open_connection("127.0.0.1", server.port))
        lines.append(line)
        if script:
            line.send(header(script, **more))
        return line

    yield connect
    for line in lines:
        line.writer.close()
    for line in lines:
        try:
            await line.writer.wait_closed()
        except OSError:
            continue
