"""The manager connection to a real Asterisk is cut, or goes silent without an end."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from ami.connection import AmiConnection
from ami.settings import AmiSettings, LinkState
from lab.ports import LOOPBACK
from tests.ami.fake_ami import running
from tests.faults.way import Way

pytestmark = pytest.mark.asterisk


class Cable:
    """A way to Asterisk's manager port that can be cut, or stop carrying anything."""

    def __init__(self, to_port: int) -> None:
        self._to_port = to_port
        self._carries = asyncio.Event()
        self._carries.set()
        self._writers: list[asyncio.StreamWriter] = []
        self._server: asyncio.Server | None = None
        self.port = 0

    async def __aenter__(self) -> Cable:
        self._server = await asyncio.start_server(self._connect, LOOPBACK, 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        self.cut()

    def cut(self) -> None:
        for writer in self._writers:
            writer.transport.abort()
        self._writers.clear()

    def go_silent(self) -> None:
        """Keep every connection up, and carry nothing more over those that stand."""
        self._carries.clear()
        self._carries = asyncio.Event()
        self._carries.set()

    async def _connect(self, near: asyncio.StreamReader, back: asyncio.StreamWriter) -> None:
        far, forth = await asyncio.open_connection(LOOPBACK, self._to_port)
        self._writers += [back, forth]
        carries = self._carries
        await asyncio.gather(_carry(near, forth, carries), _carry(far, back, carries))


async def _carry(
    source: asyncio.StreamReader, target: asyncio.StreamWriter, carries: asyncio.Event
) -> None:
    try:
        while data := await source.read(65536):
            if carries.is_set():
                target.write(data)
    except ConnectionError:
        pass
    finally:
        target.transport.abort()


@pytest.mark.parametrize("trouble", ["cut", "go_silent"])
async def test_what_was_left_while_the_link_was_gone_is_taken_when_it_is_back(
    way: Way, asterisk: Any, trouble: str
) -> None:
    handover, taken = way.handover(), asyncio.Queue[int]()

    async def sweep() -> None:
        taken.put_nowait(await handover.sweep())

    async with Cable(asterisk.ami_port) as cable:
        settings = AmiSettings(
            LOOPBACK,
            cable.port,
            asterisk.least_user,
            asterisk.ami_secret,
            ping_interval=0.3,
            reconnect_first=0.1,
        )
        connection = AmiConnection(settings)
        connection.on_connected(sweep)
        async with running(connection):
            assert await asyncio.wait_for(taken.get(), 20) == 0
            way.leave(0)  # with no hint: that was lost on the way
            getattr(cable, trouble)()
            assert await asyncio.wait_for(taken.get(), 20) == 1
            assert connection.status.state is LinkState.CONNECTED
            assert connection.status.reconnects == 1
