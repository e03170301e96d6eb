"""A program that talks to PlaySMS's web service, as we answer it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from lab.ports import LOOPBACK
from sms.playsms_service.service import PlaySmsService
from sms.web import CallbackServer
from tests.free_ports import free_ports
from tests.sms.sms_office import SmsOffice, running_office, site_text

SHOP_TOKEN = "0123456789abcdef"
STOCK_TOKEN = "fedcba9876543210"
PROGRAMS = f"""
[[sms.api]]
username = "toko"
token = "{SHOP_TOKEN}"
per_day = 5
[[sms.api]]
username = "gudang"
token = "{STOCK_TOKEN}"
inbox = true
"""


@dataclass
class Client:
    """Calls the web service as one program."""

    session: aiohttp.ClientSession
    url: str
    username: str = "toko"
    token: str = SHOP_TOKEN

    def as_stock(self) -> Client:
        return Client(self.session, self.url, "gudang", STOCK_TOKEN)

    def fields(self, operation: str, **more: str) -> dict[str, str]:
        login = {"u": self.username, "h": self.token, "op": operation}
        return {"app": "ws", **login, **{name.rstrip("_"): it for name, it in more.items()}}

    async def get(self, operation: str, **more: str) -> Any:
        """The JSON of a GET. A field that is a word of Python is written with a _ behind it."""
        fields = self.fields(operation, **more)
        async with self.session.get(self.url, params=fields) as response:
            assert response.status == 200
            assert response.content_type == "application/json"
            return await response.json()

    async def rows(self, operation: str, **more: str) -> list[dict[str, Any]]:
        answer = await self.get(operation, **more)
        assert answer["error_string"] is None
        return list(answer["data"])

    async def error(self, operation: str, **more: str) -> str:
        """The error that comes for all of it."""
        answer = await self.get(operation, **more)
        assert answer["status"] == "ERR"
        assert answer["error_string"]
        return str(answer["error"])


@asynccontextmanager
async def serving(folder: Path, more: str = "") -> AsyncIterator[tuple[SmsOffice, Client]]:
    """An office whose web service is reached; more: sections of the site file."""
    text = site_text(more=PROGRAMS + more, gateways=(("one", 'number = "+62811000111"'),))
    async with running_office(folder, text) as office:
        port = free_ports().one()
        server = CallbackServer(LOOPBACK, port, secret="secret", callbacks=lambda _: {})
        service = PlaySmsService(
            site=lambda: office.site,
            requests=office.centre.requests,
            ledger=office.ledger,
            now=lambda: office.moment,
            clock=asyncio.get_running_loop().time,
            pause=0.0,
        )
        server.serve(service.routes())
        await server.start()
        try:
            async with aiohttp.ClientSession() as session:
                yield office, Client(session, f"http://{LOOPBACK}:{port}/index.php")
        finally:
            await server.stop()
