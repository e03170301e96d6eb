"""The unruly server itself: what it passes on, hides and counts."""

from __future__ import annotations

import asyncio
from random import Random

import pytest

from lab.misbehaviour import FAULTS, Moods, Script, Stage
from lab.ports import LOOPBACK, PortFinder
from lab.unruly import UnrulyServer, message_id_of
from tests.faults.way import Way


async def upstream(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A server that offers what nobody can go between."""
    writer.write(b"220 lab\r\n")
    while line := await reader.readline():
        if line.startswith(b"EHLO"):
            writer.write(b"250-lab\r\n250-SIZE 1000\r\n250-STARTTLS\r\n250 CHUNKING\r\n")
        else:
            writer.write(b"221 bye\r\n")
            break
    writer.close()


async def test_tls_and_chunking_are_hidden_and_the_reply_still_ends(ports: PortFinder) -> None:
    server = await asyncio.start_server(upstream, LOOPBACK, 0)
    port = server.sockets[0].getsockname()[1]
    async with server, UnrulyServer(ports.one(), port, Script([])) as unruly:
        reader, writer = await asyncio.open_connection(LOOPBACK, unruly.port)
        writer.write(b"EHLO us\r\nQUIT\r\n")
        said = await asyncio.wait_for(reader.read(), 10)
        writer.close()
    assert said == b"220 lab\r\n250-lab\r\n250 SIZE 1000\r\n221 bye\r\n"


async def test_what_was_passed_on_and_taken_is_counted_by_message_id(way: Way) -> None:
    entry = await way.take()
    async with way.delivering():
        await way.until_delivered()
    assert way.unruly.passed_on == way.unruly.taken == {entry.message_id: 1}
    assert not way.unruly.misbehaved


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"Subject: x\r\nMESSAGE-ID:\r\n <1@a>\r\n\r\nhello\r\n.\r\n", "<1@a>"),
        (b"Subject: x\r\n\r\nMessage-ID: <2@a>\r\n.\r\n", ""),
    ],
)
def test_a_message_id_is_read_from_the_head_alone(content: bytes, found: str) -> None:
    assert message_id_of(content) == found


def test_the_same_seed_has_the_same_moods_and_without_a_chance_it_behaves() -> None:
    one, two = (Moods(Random(3), 0.5) for _ in range(2))
    stages = [*Stage] * 50
    assert [one(stage) for stage in stages] == [two(stage) for stage in stages]
    one.chance = 0
    assert not any(one(stage) for stage in stages)


def test_every_stage_has_a_fault_and_no_two_have_one_name() -> None:
    assert {fault.stage for fault in FAULTS} == set(Stage)
    assert len({fault.name for fault in FAULTS}) == len(FAULTS)
