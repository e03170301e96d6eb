"""Who may ask, how many at once, and how the server stops."""

import asyncio
import ipaddress
import resource
from collections.abc import Iterator
from typing import Any

import pytest
from structlog.testing import capture_logs

from agi.call import Call
from agi.server import Limits
from agi.services import Services


async def mark(call: Call, services: Services) -> None:
    await call.set_variable("A", "b")


async def test_a_peer_outside_the_allowed_networks_gets_no_answer(serve: Any, ring: Any) -> None:
    elsewhere = [ipaddress.ip_network("192.0.2.0/24")]
    async with serve(peers=elsewhere, mark=mark) as server:
        with capture_logs() as logs:
            line = await ring(server)
            assert await line.closed()
        assert server.statistics.refused_peers == 1
        assert logs[0]["peer"] == "127.0.0.1"


async def test_connections_over_the_limit_are_closed_and_room_is_found_again(
    serve: Any, ring: Any
) -> None:
    async with serve(Limits(connections=1, stop_seconds=0.05), mark=mark) as server:
        first = await ring(server, "mark")
        await first.command()
        with capture_logs() as logs:
            for _ in range(3):
                assert await (await ring(server)).closed()
        assert server.statistics.refused_full == 3
        assert [log["event"] for log in logs] == ["agi.full"]  # once
        first.send(b"200 result=1\n")
        assert await first.closed()
        again = await ring(server, "mark")
        assert await again.command() == b'SET VARIABLE "A" "b"'


async def test_stop_lets_a_running_script_end_and_accepts_no_other(serve: Any, ring: Any) -> None:
    async with serve(Limits(stop_seconds=5), mark=mark) as server:
        line = await ring(server, "mark")
        await line.command()
        port = server.port
        stopping = asyncio.create_task(server.stop())
        await asyncio.sleep(0)
        with pytest.raises(OSError):  # noqa: PT011 - refused, whatever its words
            await asyncio.open_connection("127.0.0.1", port)
        line.send(b"200 result=1\n")
        async with asyncio.timeout(5):
            await stopping
        assert await line.closed()
        assert server.statistics.of("mark").errors == 0


@pytest.fixture
def most_callers() -> Iterator[int]:
    """How many can call at once: 5,000, or what the machine's limit of open files allows."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 12_000
    files = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, files), hard))
    yield min(5_000, (files - 500) // 2)  # both ends are ours; 500 are for what is open besides
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


async def test_five_thousand_connections_open_at_once_are_served(
    serve: Any, most_callers: int, agi_header: Any
) -> None:
    count = most_callers
    opening = agi_header("mark")
    all_asked = asyncio.Barrier(count + 1)

    async def caller(port: int) -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            writer.write(opening)
            command = await reader.readline()
            await all_asked.wait()  # nobody is answered before everybody has asked
            writer.write(b"200 result=1\n")
            return command + await reader.read()
        finally:
            writer.close()

    async with serve(time_limit=60, mark=mark) as server, asyncio.timeout(60):
        callers = [asyncio.create_task(caller(server.port)) for _ in range(count)]
        await all_asked.wait()
        assert server.statistics.open == count
        answers = await asyncio.gather(*callers)
    assert set(answers) == {b'SET VARIABLE "A" "b"\n'}
    counters = server.statistics.of("mark")
    assert (counters.runs, counters.errors, counters.timeouts) == (count, 0, 0)
