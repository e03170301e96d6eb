"""The lab's PlaySMS has the faults of the real one."""

import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
import pytest_asyncio

from lab.playsms import PlayServer
from tests.free_ports import free_ports


@pytest_asyncio.fixture
async def server() -> AsyncIterator[PlayServer]:
    async with PlayServer(free_ports().one()) as server:
        yield server


async def ask(server: PlayServer, **fields: str) -> tuple[int, Any]:
    login = {"app": "ws", "u": "voxpost", "h": "playsms-token"}
    async with (
        aiohttp.ClientSession() as session,
        session.get(server.url, params=login | fields) as answer,
    ):
        body = await answer.text()
        return answer.status, json.loads(body) if body else None


@pytest.mark.parametrize(
    ("fields", "left"),
    [
        ({"msg": "hello"}, "hello @voxpost"),
        ({"msg": "hello", "nofooter": "1"}, "hello"),
        ({"msg": "Привет", "nofooter": "1"}, "??????"),
        ({"msg": "Привет 😀", "nofooter": "1", "unicode": "1"}, "Привет ?"),
        ({"msg": "<b>bold</b>", "nofooter": "1"}, "bold"),
        ({"msg": "x" * 500, "nofooter": "1"}, "x" * 452),
    ],
)
async def test_what_it_makes_of_a_text(
    server: PlayServer, fields: dict[str, str], left: str
) -> None:
    status, answer = await ask(server, op="pv", to="+15559876", **fields)
    assert (status, answer["data"][0]["status"]) == (200, "OK")
    assert server.sent[0].body == left


async def test_it_glues_numbers_and_says_nothing_of_a_bad_one(server: PlayServer) -> None:
    _, answer = await ask(server, op="pv", to="+1555,+1666", msg="hello")
    assert answer["data"][0]["to"] == "+15551666"
    assert await ask(server, op="pv", to="nobody", msg="hello") == (500, None)


async def test_it_shows_the_newest_first_and_says_where_there_is_none(server: PlayServer) -> None:
    assert (await ask(server, op="ds"))[1]["error"] == "400"
    assert (await ask(server, op="ix"))[1]["error"] == "501"
    assert (await ask(server, op="ix", h="wrong"))[1]["error"] == "100"
    for _ in range(3):
        await ask(server, op="pv", to="+1555", msg="hello")
    _, answer = await ask(server, op="ds", last="1", c="1")
    assert [(row["smslog_id"], row["status"]) for row in answer["data"]] == [(3, 0)]
