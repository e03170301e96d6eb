"""The gateway to PlaySMS: against a server with PlaySMS's faults, and odd answers."""

import asyncio
import json
import math
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import pytest
import pytest_asyncio
from hypothesis import given
from hypothesis import strategies as st

from lab.playsms import PlayServer
from ledger.errors import LedgerError
from pbx.gateways import PlaySmsGateway
from sms.gateway import Fate, GatewayState, NotNow, Outgoing, Refused, Sent, Unknown
from sms.gateways.http import new_session
from sms.gateways.playsms import gateway as playsms
from sms.gateways.playsms.gateway import PlaySms
from sms.gateways.playsms.watch import Watch
from sms.gateways.playsms.wire import number_of, pieces, read_answer
from sms.piece import Piece
from tests.free_ports import free_ports
from tests.sms.odd_server import DROP, OddServer, answer
from tests.sms.remembering_inbox import RememberingInbox

NOW = 1_800_000_000.0
NOON = datetime(2026, 11, 22, 12, 0, 0)
NUMBER = "+6281100"


@pytest_asyncio.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with new_session() as session:
        yield session


@pytest_asyncio.fixture
async def server() -> AsyncIterator[PlayServer]:
    async with PlayServer(free_ports().one()) as server:
        yield server


def make(url: str, session: aiohttp.ClientSession, **settings: Any) -> PlaySms:
    section = {
        "name": "play",
        "kind": "playsms",
        "url": url,
        "username": "voxpost",
        "token": "playsms-token",
        "poll": 0.02,
        "timezone": "Asia/Jakarta",
        **settings,
    }
    return PlaySms(PlaySmsGateway.model_validate(section), session=session, now=time.time)


async def send(gateway: PlaySms, body: str, number: str = NUMBER) -> list[Fate]:
    return [
        await gateway.send(Outgoing(f"1-{at}", number, None, piece))
        for at, piece in enumerate(gateway.pieces(body, 0), 1)
    ]


@asynccontextmanager
async def running(gateway: PlaySms, inbox: RememberingInbox) -> AsyncIterator[None]:
    task = asyncio.create_task(gateway.run(inbox))
    await asyncio.sleep(0)
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait({task})


@pytest.mark.parametrize(
    "body",
    [
        "hello",
        "Привет, мир",
        "a < b, <b>bold</b>, 1 > 0 & I <3 you",
        "Tom & Jerry &lt;b&gt; &amp;amp; &copy; &#60; R&D;",
        "[€] {~} \\ ^ |",
        "The quick brown fox jumps over the lazy dog. " * 30,
        "Быстрая лиса прыгает. " * 30,
        "x" * 1000,
    ],
)
async def test_playsms_sends_all_that_was_written_and_no_more(
    session: aiohttp.ClientSession, server: PlayServer, body: str
) -> None:
    fates = await send(make(server.url, session), body)
    assert all(isinstance(fate, Sent) for fate in fates)
    assert [fate.reference for fate in fates if isinstance(fate, Sent)] == [
        str(text.smslog_id) for text in server.sent
    ]
    assert "".join(text.body for text in server.sent).replace(" ", "") == body.replace(" ", "")
    assert {text.number for text in server.sent} == {NUMBER}


async def test_emoji_are_refused_for_another_gateway_before_anything_goes(
    session: aiohttp.ClientSession, server: PlayServer
) -> None:
    (fate,) = await send(make(server.url, session), "hello " * 200 + "😀 👍 😀")
    assert isinstance(fate, Refused)
    assert fate.elsewhere
    assert "😀👍" in fate.words
    assert server.asked == []


@pytest.mark.parametrize(("body", "number"), [("", NUMBER), (" \n", NUMBER), ("a", "+62811,+1")])
async def test_what_must_never_be_sent_is_not_asked_for(
    session: aiohttp.ClientSession, server: PlayServer, body: str, number: str
) -> None:
    fates = [
        await make(server.url, session).send(Outgoing("1-1", number, None, Piece(body, "gsm7")))
    ]
    assert isinstance(fates[0], Refused)
    assert server.asked == []


async def test_a_sender_is_asked_for_where_there_is_one(
    session: aiohttp.ClientSession, server: PlayServer
) -> None:
    await send(make(server.url, session, number="KLINIK"), "hello")
    assert server.sent[0].sender == "KLINIK"


def said(**row: Any) -> bytes:
    return answer(200, json.dumps({"data": [row], "error_string": None}))


def error(code: str) -> bytes:
    return answer(200, json.dumps({"status": "ERR", "error": code, "error_string": "no"}))


@pytest.mark.parametrize(
    ("answered", "fate"),
    [
        (said(status="OK", error="0", smslog_id=2, queue="b6"), Sent("2", "queue b6")),
        (said(status="OK", error="0", smslog_id="2", queue="b6"), Sent("2", "queue b6")),
        (said(status="OK", error="0", smslog_id=0, queue="b6"), Sent(None, "queue b6")),
        (said(status="ERR", error="200", smslog_id="", queue=""), Refused),
        (error("201"), Refused),
        (error("100"), NotNow),
        (error("103"), NotNow),
        (answer(500), Refused),
        (answer(500, "Fatal error: memory"), Unknown),
        (answer(502, "<html>"), Unknown),
        (answer(404), NotNow),
        (answer(302, "", "Location: /login"), NotNow),
        (answer(200, "<html>log in</html>"), Unknown),
        (answer(200, '{"data":[]}'), Unknown),
        (answer(200, "[1]"), Unknown),
        (answer(200, "[" * 100_000), Unknown),
        (DROP, Unknown),
    ],
)
async def test_what_each_answer_makes_of_a_text(
    session: aiohttp.ClientSession, answered: bytes, fate: Any
) -> None:
    async with OddServer(answered).listen() as odd:
        (found,) = await send(make(f"http://127.0.0.1:{odd.port}/index.php", session), "hello")
    assert (found == fate) if isinstance(fate, Sent) else isinstance(found, fate)
    head = odd.requests[0].partition(b"\r\n")[0]
    assert head == b"POST /index.php?app=ws HTTP/1.1"
    assert b"playsms-token" not in head


async def test_where_nobody_listens_nothing_has_gone(
    session: aiohttp.ClientSession, server: PlayServer
) -> None:
    url = f"http://127.0.0.1:{free_ports().one()}/index.php"
    gateway = make(url, session)
    (fate,) = await send(gateway, "hello")
    assert isinstance(fate, NotNow)
    assert fate.gateway_down
    assert gateway.health().state is GatewayState.DOWN


@pytest.mark.parametrize("strings", [False, True])
async def test_what_playsms_says_of_texts_is_reported_once(
    session: aiohttp.ClientSession, server: PlayServer, strings: bool
) -> None:
    server.numbers_as_strings = strings
    gateway, inbox = make(server.url, session), RememberingInbox()
    await send(gateway, "before")
    server.states[1] = 3
    async with running(gateway, inbox):
        await inbox.until(lambda it: len(it.reports) == 1)
        for body in ("second", "third", "fourth, pending for ever"):
            await send(gateway, body)
        server.states[2] = 1
        await inbox.until(lambda it: len(it.reports) == 2)
        server.states |= {2: 3, 3: 2}
        await inbox.until(lambda it: len(it.reports) == 4)
        asked = len(server.asked)
        while len(server.asked) < asked + 6:
            await asyncio.sleep(0.01)
    assert {(report.reference, report.state) for report in inbox.reports} == {
        ("1", "delivered"),
        ("2", "buffered"),
        ("2", "delivered"),
        ("3", "failed"),
    }
    assert len(inbox.reports) == 4
    assert gateway.health().facts == {"watched": 1}
    assert gateway.health().state is GatewayState.UP


async def test_texts_come_in_with_their_time_and_once(
    session: aiohttp.ClientSession, server: PlayServer
) -> None:
    inbox = RememberingInbox()
    server.bring_in("15551234", "1234", 'say "hi" ₮', NOON)
    for _ in range(2):  # as after a restart
        async with running(make(server.url, session), inbox):
            await inbox.until(lambda it: len(it.texts) >= 1)
    (text,) = inbox.texts.values()
    assert (text.sender, text.own_number, text.body) == ("15551234", "1234", "say 'hi' ₮")
    assert datetime.fromtimestamp(text.sent_at).astimezone().isoformat() == (
        datetime.fromisoformat("2026-11-22T12:00:00+07:00").astimezone().isoformat()
    )


async def test_more_texts_than_a_page_come_in_all(
    session: aiohttp.ClientSession, server: PlayServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(playsms, "_PAGE", 3)
    gateway, inbox = make(server.url, session), RememberingInbox()
    server.bring_in("1", "2", "first", NOON)
    async with running(gateway, inbox):
        await inbox.until(lambda it: len(it.texts) == 1)
        for at in range(40):
            server.bring_in("1", "2", f"text {at}", NOON)
        await inbox.until(lambda it: len(it.texts) == 41)
    assert inbox.bodies[1:] == [f"text {at}" for at in range(40)]


async def test_what_the_ledger_could_not_take_is_asked_for_again(
    session: aiohttp.ClientSession, server: PlayServer
) -> None:
    gateway, inbox = make(server.url, session), RememberingInbox()
    inbox.failures = math.inf
    server.bring_in("1", "2", "hello", NOON)
    async with running(gateway, inbox):
        while len(server.asked) < 3:
            await asyncio.sleep(0.01)
        inbox.failures = 0
        await inbox.until(lambda it: len(it.texts) == 1)


@pytest.mark.parametrize(
    ("settings", "words"),
    [({"token": "wrong"}, "error 100"), ({"token": None}, "token_file")],
)
async def test_a_wrong_token_shows_in_its_health(
    session: aiohttp.ClientSession, server: PlayServer, settings: dict[str, Any], words: str
) -> None:
    gateway = make(server.url, session, **settings)
    async with running(gateway, RememberingInbox()), asyncio.timeout(10):
        while gateway.health().state is not GatewayState.DOWN:
            await asyncio.sleep(0.01)
    assert words in gateway.health().words


@pytest.mark.parametrize("path", ["index.php", "elsewhere"])
@pytest.mark.parametrize("is_there", [True, False])
async def test_a_password_in_its_address_shows_neither_in_its_health_nor_in_a_fate(
    session: aiohttp.ClientSession, server: PlayServer, *, path: str, is_there: bool
) -> None:
    port = urlsplit(server.url).port if is_there else free_ports().one()
    url = f"http://proxy:pr0xy-s3cret@127.0.0.1:{port}/{path}?key=k3y-s3cret"
    gateway = make(url, session, token="wrong")
    fates = await send(gateway, "hello")
    async with running(gateway, RememberingInbox()), asyncio.timeout(10):
        while gateway.health().state is not GatewayState.DOWN:
            await asyncio.sleep(0.01)
    assert "s3cret" not in f"{fates} {gateway.health()}"


async def test_pushed_texts_are_taken_when_the_ledger_has_them(
    session: aiohttp.ClientSession, server: PlayServer
) -> None:
    gateway, inbox = make(server.url, session), RememberingInbox()
    (incoming,) = gateway.callbacks()
    fields = {"src": "+62811", "dst": "100", "msg": "hello", "dt": "2026-11-22 12:00:00"}
    assert (await incoming.handle(fields))[0] == 503
    async with running(gateway, inbox):
        assert (await incoming.handle({"msg": "hello"}))[0] == 400
        inbox.failures = math.inf
        with pytest.raises(LedgerError):
            await incoming.handle(fields)
        inbox.failures = 0
        assert await incoming.handle(fields) == (200, "")
        assert await incoming.handle(fields) == (200, "")
    assert inbox.bodies == ["hello"]


def test_it_asks_less_and_less_often_and_gives_up_after_a_day() -> None:
    now = NOW
    watch = Watch(10, lambda: now)
    assert watch.question() == {"c": "100"}
    watch.asked()
    assert watch.question() is None
    watch.add(7)
    watch.add(5)
    now += 10
    assert watch.question() == {"last": "4", "c": "1000"}
    watch.asked()
    now += 3600
    assert watch.question() is not None
    watch.asked()
    now += 300
    assert watch.question() is None
    now += 86_400
    assert watch.question() is None
    assert len(watch) == 0


@given(st.text(st.characters(codec="utf-8", max_codepoint=0xFFFF) | st.sampled_from(" \n€")))
def test_pieces_keep_all_but_blanks_at_the_cuts(body: str) -> None:
    cut = pieces(body * 20)
    assert cut == pieces(body * 20)
    assert "".join("".join(piece.text.split()) for piece in cut) == "".join((body * 20).split())
    assert all(len(piece.text) <= 450 and piece.parts <= 3 for piece in cut)


def test_pieces_end_at_words_and_say_what_they_cost() -> None:
    first, second = pieces("word " * 100)
    assert first.text == " ".join(["word"] * 90)
    assert second.text == " ".join(["word"] * 10)
    assert (first.parts, second.parts) == (3, 1)


@given(st.text() | st.recursive(st.none() | st.integers() | st.text(), st.lists).map(json.dumps))
def test_no_answer_breaks_the_reader(body: str) -> None:
    read = read_answer(body)
    assert read is None or all(number_of(row, "id") is None for row in read.rows)
