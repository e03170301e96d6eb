"""What clients may take of our HTTP servers, over real sockets."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import aiohttp
from aiohttp import web

from sms.http_listener import HttpListener
from tests.free_ports import free_ports


@asynccontextmanager
async def listening(*, most: int, idle: float) -> AsyncIterator[int]:
    async def hello(_: web.Request) -> web.Response:
        return web.Response(text="hello")

    app = web.Application()
    app.add_routes([web.get("/", hello)])
    port = free_ports().one()
    listener = HttpListener(app, "127.0.0.1", port, most=most, idle=idle)
    await listener.start()
    try:
        yield port
    finally:
        await listener.stop()


async def ask(port: int) -> str:
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"http://127.0.0.1:{port}/") as answer,
    ):
        return await answer.text()


@asynccontextmanager
async def client(port: int, words: bytes = b"") -> AsyncIterator[asyncio.StreamReader]:
    """Somebody who says this much and waits."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(words)
    try:
        yield reader
    finally:
        writer.close()


async def is_cut_off(reader: asyncio.StreamReader) -> bool:
    try:
        return await reader.read() == b""
    except ConnectionError:
        return True


async def test_more_clients_than_it_takes_are_turned_away_and_use_up_no_descriptors() -> None:
    async with asyncio.timeout(10), listening(most=3, idle=60) as port, AsyncExitStack() as stack:
        for _ in range(3):
            await stack.enter_async_context(client(port))
        assert await is_cut_off(await stack.enter_async_context(client(port)))
        await stack.aclose()
        while True:
            try:
                assert await ask(port) == "hello"
                break
            except aiohttp.ClientError:  # the server has not seen yet that they left
                await asyncio.sleep(0.01)


async def test_a_client_that_says_nothing_or_half_a_request_does_not_stay_for_ever() -> None:
    async with asyncio.timeout(10), listening(most=3, idle=0.2) as port:
        for words in (b"", b"GET / HT", b"GET / HTTP/1.1\r\nX: "):
            async with client(port, words) as reader:
                assert await is_cut_off(reader)
        assert await ask(port) == "hello"
