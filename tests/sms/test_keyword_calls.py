"""Programs that are told of texts by HTTPS: a real server with a real certificate."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import ssl
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import structlog
from aiohttp import web

from lab.certificates import Certificates
from lab.ports import LOOPBACK
from ledger.facts import NoticeFacts
from ledger.texts import Origin, TextState
from pbx.site import parse_site
from sms import keyword_calls
from sms.gateways.http import place_of
from tests.free_ports import free_ports
from tests.sms.sms_office import CUSTOMER, SmsOffice, running_office, site_text

SECRET = "a shared secret"


@dataclass
class Program:
    """What a keyword calls. answers: what it answers next; then 204."""

    port: int
    answers: deque[Callable[[], web.StreamResponse]] = field(default_factory=deque)
    told: list[tuple[dict[str, Any], dict[str, str], bytes]] = field(default_factory=list)
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)
    held: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.held.set()

    @property
    def url(self) -> str:
        return f"https://user:pass@localhost:{self.port}/hook?key=s3cret"

    async def serve(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        async with self.changed:
            self.told.append((json.loads(body), dict(request.headers), body))
            self.changed.notify_all()
        await self.held.wait()
        return self.answers.popleft()() if self.answers else web.Response(status=204)

    async def until(self, count: int) -> None:
        async with asyncio.timeout(10), self.changed:
            await self.changed.wait_for(lambda: len(self.told) >= count)


@asynccontextmanager
async def program(folder: Path) -> AsyncIterator[tuple[Program, ssl.SSLContext]]:
    certificates = Certificates(folder)
    certificates.write()
    found = Program(free_ports().one())
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", found.serve)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    context = certificates.server_context()
    await web.TCPSite(runner, LOOPBACK, found.port, ssl_context=context).start()
    try:
        yield found, certificates.client_context()
    finally:
        found.held.set()
        await runner.cleanup()


def with_keyword(url: str, more: str = "") -> str:
    return site_text(more=f'[[sms.keywords]]\nword = "info"\ncall = "{url}"\n{more}\n')


@asynccontextmanager
async def calling(
    folder: Path, more: str = "", *, trusted: bool = True
) -> AsyncIterator[tuple[SmsOffice, Program]]:
    """An office with a keyword that calls a program; more: further keys of the keyword."""
    async with program(folder) as (told, trust):
        connector = aiohttp.TCPConnector(ssl=trust if trusted else True)
        text = with_keyword(told.url, more)
        async with (
            aiohttp.ClientSession(connector=connector) as session,
            running_office(folder, text, session=session) as office,
        ):
            yield office, told


async def owed(office: SmsOffice) -> list[tuple[float, int]]:
    """Of each call that is owed: when it is due, and how often it was made."""
    rows = await office.ledger.read(
        lambda it: it.exec_driver_sql("SELECT due, attempts FROM keyword_calls").all()
    )
    return [(row[0], row[1]) for row in rows]


async def until_owed(
    office: SmsOffice, holds: Callable[[list[tuple[float, int]]], bool]
) -> list[tuple[float, int]]:
    async with asyncio.timeout(10):
        while not holds(found := await owed(office)):
            await asyncio.sleep(0.01)
    return found


def plain_text(body: str | bytes, **more: Any) -> Callable[[], web.Response]:
    octets = body.encode() if isinstance(body, str) else body
    return lambda: web.Response(body=octets, content_type="text/plain", **more)


async def test_a_program_is_told_of_a_text_signed_and_once(tmp_path: Path) -> None:
    async with calling(tmp_path, f'call_secret = "{SECRET}"') as (office, told):
        await office.text_in("Info harga 😀", key="k")
        await office.text_in("Info harga 😀", key="k")
        await office.text_in("Halo")
        await told.until(1)
        await until_owed(office, lambda it: not it)
        ((fields, headers, body),) = told.told
        assert fields == {
            "id": 1,
            "number": CUSTOMER,
            "body": "Info harga 😀",
            "received_at": "2027-01-15T15:00:00+07:00",
            "keyword": "INFO",
            "own_number": None,
            "gateway": "one",
        }
        assert headers["Content-Type"] == "application/json"
        signed = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
        assert headers["X-Voxpost-Signature"] == signed
        assert len(headers["Idempotency-Key"]) == 32
        assert len(await office.letters()) == 2  # the e-mails come as always


async def test_what_it_answers_as_plain_text_is_sent_back(tmp_path: Path) -> None:
    async with calling(tmp_path) as (office, told):
        told.answers.append(plain_text("  Rp 5.000, café\n", charset="utf-8"))
        await office.text_in("INFO harga")
        texts = await office.until(lambda it: len(it) == 2 and it[1].state is TextState.SENT)
        assert texts[1].body == "Rp 5.000, café"
        assert (texts[1].origin, texts[1].account) == (Origin.KEYWORD, "keyword INFO")
        assert [it.number for it in office.gateway.sent] == [CUSTOMER]
        assert "X-Voxpost-Signature" not in told.told[0][1]


@pytest.mark.parametrize(
    "answer",
    [
        plain_text(""),
        plain_text("x" * 601),
        plain_text("x" * 100_000),
        plain_text("Halo", status=201),
        lambda: web.Response(text="<p>Halo</p>", content_type="text/html"),
        lambda: web.json_response({"status": "ok"}),
    ],
)
async def test_what_is_no_short_plain_text_of_200_is_not_sent_back(
    tmp_path: Path, answer: Callable[[], web.Response]
) -> None:
    async with calling(tmp_path) as (office, told):
        told.answers.append(answer)
        await office.text_in("INFO")
        await told.until(1)
        await until_owed(office, lambda it: not it)
        assert len(await office.texts()) == 1


async def test_a_keyword_with_an_answer_of_its_own_sends_that_alone(tmp_path: Path) -> None:
    async with calling(tmp_path, 'answer = "Buka 08.00"') as (office, told):
        told.answers.append(plain_text("Rp 5.000"))
        await office.text_in("INFO")
        await told.until(1)
        await until_owed(office, lambda it: not it)
        assert [it.body for it in await office.texts() if not it.came_in] == ["Buka 08.00"]


async def test_a_name_that_no_text_can_go_to_gets_no_answer(tmp_path: Path) -> None:
    async with calling(tmp_path) as (office, told):
        told.answers.append(plain_text("Rp 5.000"))
        await office.text_in("INFO", sender="TELKOMSEL")
        await told.until(1)
        await until_owed(office, lambda it: not it)
        assert len(await office.texts()) == 1


async def test_a_machine_that_answers_for_ever_is_answered_five_times_an_hour(
    tmp_path: Path,
) -> None:
    async with calling(tmp_path) as (office, told):
        told.answers.extend([plain_text("INFO")] * 9)
        for number in range(9):
            await office.text_in("INFO", key=str(number))
        await told.until(9)
        await until_owed(office, lambda it: not it)
        assert len([it for it in await office.texts() if not it.came_in]) == 5


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (lambda: web.Response(status=500), "answers 500"),
        (lambda: web.Response(status=404), "answers 404"),
        (lambda: web.Response(status=302, headers={"Location": "/elsewhere"}), "answers 302"),
    ],
)
async def test_what_is_no_success_is_tried_again_later_and_no_redirect_followed(
    tmp_path: Path, answer: Callable[[], web.Response], words: str
) -> None:
    with structlog.testing.capture_logs() as logs:
        async with calling(tmp_path) as (office, told):
            told.answers.append(answer)
            await office.text_in("INFO")
            await until_owed(office, lambda it: it == [(office.moment + 10, 1)])
            assert len(told.told) == 1
            office.moment += 10
            await office.text_in("Halo")  # wakes it
            await told.until(2)
            await until_owed(office, lambda it: not it)
            assert told.told[0][1]["Idempotency-Key"] == told.told[1][1]["Idempotency-Key"]
    said = json.dumps(logs, default=str)
    assert words in said
    assert "pass" not in said
    assert "s3cret" not in said


async def test_a_certificate_that_nobody_vouches_for_is_not_trusted(tmp_path: Path) -> None:
    async with calling(tmp_path, trusted=False) as (office, told):
        await office.text_in("INFO")
        await until_owed(office, lambda it: it == [(office.moment + 10, 1)])
        assert told.told == []


async def test_a_program_that_says_nothing_is_not_waited_for_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keyword_calls, "_WITHIN", 0.1)
    async with calling(tmp_path) as (office, told):
        told.held.clear()
        await office.text_in("INFO")
        await until_owed(office, lambda it: it == [(office.moment + 10, 1)])
        assert len(told.told) == 1


async def test_after_a_day_the_administrator_is_told_once_for_all_texts_of_the_keyword(
    tmp_path: Path,
) -> None:
    async with calling(tmp_path) as (office, told):
        told.answers.extend([lambda: web.Response(status=500)] * 4)
        for key in ("a", "b"):
            await office.text_in("INFO", key=key)
        await until_owed(office, lambda it: it == [(office.moment + 10, 1)] * 2)
        office.moment += 86400
        await office.text_in("Halo")
        await until_owed(office, lambda it: not it)
        notices = [it for it in await office.letters() if isinstance(it.facts, NoticeFacts)]
        (notice,) = notices
        assert isinstance(notice.facts, NoticeFacts)
        assert notice.recipient == "desk@klinik.example"
        assert notice.facts.about == "keyword-call-failed"
        assert notice.facts.fields["words"] == f"https://localhost:{told.port}/hook answers 500"
        assert notice.facts.fields["name"] == "INFO"


async def test_a_call_that_was_cut_short_is_made_again_after_a_restart(tmp_path: Path) -> None:
    async with calling(tmp_path) as (office, told):
        told.held.clear()
        await office.text_in("INFO")
        await told.until(1)
    async with program(tmp_path) as (again, trust):
        connector = aiohttp.TCPConnector(ssl=trust)
        async with (
            aiohttp.ClientSession(connector=connector) as session,
            running_office(tmp_path, with_keyword(again.url), session=session) as office,
        ):
            office.moment += 60
            await office.text_in("Halo")
            await again.until(1)
            await until_owed(office, lambda it: not it)
            assert again.told[0][0] == told.told[0][0]


async def test_a_keyword_that_calls_nobody_any_more_owes_nothing(tmp_path: Path) -> None:
    async with calling(tmp_path) as (office, told):
        told.answers.append(lambda: web.Response(status=500))
        await office.text_in("INFO")
        await until_owed(office, lambda it: it == [(office.moment + 10, 1)])
        office.site = parse_site(site_text(), tmp_path / "site.toml")
        office.moment += 10
        await office.text_in("Halo")
        await until_owed(office, lambda it: not it)
        assert len(told.told) == 1


async def test_a_secret_that_cannot_be_read_is_no_unsigned_call(tmp_path: Path) -> None:
    async with calling(tmp_path, 'call_secret_file = "none.txt"') as (office, told):
        await office.text_in("INFO")
        await until_owed(office, lambda it: it == [(office.moment + 10, 1)])
        assert told.told == []


@pytest.mark.parametrize("address", ["https://..", "https://[::1?s3cret", "https://a..b/?s3cret"])
async def test_an_address_that_is_none_ends_nothing(tmp_path: Path, address: str) -> None:
    with structlog.testing.capture_logs() as logs:
        async with running_office(tmp_path, with_keyword(address)) as office:
            await office.text_in("INFO")
            await until_owed(office, lambda it: it == [(office.moment + 10, 1)])
    assert "s3cret" not in json.dumps(logs, default=str)


def test_an_address_is_shown_without_what_may_be_secret_in_it() -> None:
    assert place_of("https://a:b@x.example:8443/p?k=v#f") == "https://x.example:8443/p"
    assert "secret" not in place_of("https://a:secret@[::1/p?k=secret")
