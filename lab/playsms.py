"""A server that behaves as PlaySMS 1.4's web service does, its faults included. For tests alone."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from typing import Any

from aiohttp import web

from lab.ports import LOOPBACK

_CUT = 452
_TAG = re.compile(r"<[^>]*>?")
_GSM = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    "ÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà^{}\\[~]|€"
)


@dataclass(frozen=True)
class PlayText:
    """A text that PlaySMS sends: as it would leave it."""

    number: str
    sender: str
    body: str
    smslog_id: int


@dataclass
class PlayServer:
    """One PlaySMS with one account.

    Use it as `async with PlayServer(...) as server`.

    Arguments:
        footer: what it adds, unless nofooter is asked for.
        states: status of each smslog_id, as `ds` says it: 0 pending (for ever), 1 sent, 2 failed,
            3 delivered.
        numbers_as_strings: as its older versions write ids.
    """

    port: int
    username: str = "voxpost"
    token: str = "playsms-token"
    footer: str = " @voxpost"
    numbers_as_strings: bool = False
    sent: list[PlayText] = field(default_factory=list)
    states: dict[int, int] = field(default_factory=dict)
    inbox: list[dict[str, Any]] = field(default_factory=list)
    asked: list[dict[str, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._ids = count(1)
        app = web.Application()
        app.router.add_route("*", "/index.php", self._answer)
        self._runner = web.AppRunner(app, access_log=None)

    @property
    def url(self) -> str:
        return f"http://{LOOPBACK}:{self.port}/index.php"

    async def __aenter__(self) -> PlayServer:
        await self._runner.setup()
        await web.TCPSite(self._runner, LOOPBACK, self.port).start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._runner.cleanup()

    def bring_in(self, sender: str, receiver: str, body: str, at: datetime) -> int:
        """Let a text come in; `at` in PlaySMS's own time zone. Returns its id."""
        number = len(self.inbox) + 1
        self.inbox.append(
            {
                "id": self._number(number),
                "src": sender,
                "dst": receiver,
                "msg": body.replace('"', "'"),
                "dt": at.strftime("%Y-%m-%d %H:%M:%S"),
            }
        )
        return number

    async def _answer(self, request: web.Request) -> web.Response:
        if request.query.get("app") != "ws":
            return web.Response(text="<html>log in</html>", content_type="text/html")
        fields = {**request.query, **{key: str(it) for key, it in (await request.post()).items()}}
        self.asked.append(fields)
        if (fields.get("u"), fields.get("h")) != (self.username, self.token):
            return _error("100")
        match fields.get("op"):
            case "pv":
                return self._send(fields)
            case "ds":
                return self._show(self._outgoing(), "smslog_id", fields, "400")
            case "ix":
                return self._show(self.inbox, "id", fields, "501")
        return _error("102")

    def _send(self, fields: Mapping[str, str]) -> web.Response:
        body = html.unescape(_TAG.sub("", fields.get("msg", ""))).strip()
        if not (fields.get("to") and body):
            return _error("201")
        plus = "+" if fields["to"].startswith("+") else ""
        number = plus + re.sub(r"[^0-9]", "", fields["to"])  # "a,b" becomes one number
        if len(number) < 3:
            return web.Response(status=500)
        body = body[:_CUT]
        if fields.get("nofooter") != "1":
            body += self.footer
        body = "".join("?" if sign > "\uffff" else sign for sign in body)
        if fields.get("unicode") != "1":
            body = "".join(sign if sign in _GSM else "?" for sign in body)
        text = PlayText(number, fields.get("from", "1234"), body, next(self._ids))
        self.sent.append(text)
        self.states.setdefault(text.smslog_id, 0)
        row = {
            "status": "OK",
            "error": "0",
            "smslog_id": self._number(text.smslog_id),
            "queue": f"b6e7{text.smslog_id:028x}",
            "to": number,
        }
        return web.json_response({"data": [row], "error_string": None, "timestamp": 1})

    def _outgoing(self) -> list[dict[str, Any]]:
        return [
            {
                "smslog_id": self._number(text.smslog_id),
                "src": text.sender,
                "dst": text.number,
                "msg": text.body,
                "dt": "2026-11-22 10:00:00",
                "update": "2026-11-22 10:00:05",
                "status": self._number(self.states[text.smslog_id]),
            }
            for text in self.sent
        ]

    def _show(
        self, rows: list[dict[str, Any]], name: str, fields: Mapping[str, str], nothing: str
    ) -> web.Response:
        last = int(fields.get("last") or 0)
        newest = [row for row in reversed(rows) if int(row[name]) > last]
        shown = newest[: int(fields.get("c") or 100)]
        return web.json_response({"data": shown}) if shown else _error(nothing)

    def _number(self, number: int) -> int | str:
        return str(number) if self.numbers_as_strings else number


def _error(code: str) -> web.Response:
    return web.json_response({"status": "ERR", "error": code, "error_string": f"error {code}"})
