"""The gateway to Kannel: odd answers over real sockets, and what callbacks say."""

import asyncio
import math
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import quote_from_bytes

import aiohttp
import pytest
import pytest_asyncio
from hypothesis import given
from hypothesis import strategies as st

from ledger.errors import LedgerError
from pbx.gateways import KannelGateway
from sms.gateway import (
    Concat,
    GatewayState,
    NotNow,
    Outgoing,
    Refused,
    Report,
    Sent,
    Unknown,
)
from sms.gateways import http
from sms.gateways.http import Lost, NotReached, Reply, fields_of, new_session, octets_of, post
from sms.gateways.kannel.gateway import Kannel
from sms.gateways.kannel.incoming import read_incoming
from sms.piece import Piece
from tests.sms.odd_server import DROP, OddServer, answer
from tests.sms.remembering_inbox import RememberingInbox

NOW = 1_800_000_000.0
HELLO = Outgoing("815-2", "+62811", None, Piece("hello", "gsm7"))


@pytest_asyncio.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with new_session() as session:
        yield session


def make(port: int, session: aiohttp.ClientSession, **settings: Any) -> Kannel:
    section = {
        "name": "kannel",
        "kind": "kannel",
        "url": f"http://127.0.0.1:{port}/cgi-bin/sendsms",
        "username": "user",
        "password": "secret",
        **settings,
    }
    return Kannel(
        KannelGateway.model_validate(section),
        session=session,
        callback_url=lambda path: f"http://127.0.0.1:9/gateways/kannel/s%cret/{path}",
        now=lambda: NOW,
        look=0.02,
    )


@pytest.mark.parametrize(
    ("said", "fate"),
    [
        (answer(202, "0: Accepted for delivery"), Sent("815-2", "0: Accepted for delivery")),
        (answer(202, "3: Queued"), Sent("815-2", "3: Queued")),
        (answer(202), Sent("815-2")),
        (b"HTTP/1.1 202 Ok\r\nContent-Length: 50\r\n\r\n0: Acc", Sent("815-2", "0: Acc")),
        (answer(400, "UDH field misformed"), Refused),
        (answer(403, "Not routable. Do not try again."), Refused),
        (answer(403, "Authorization failed for sendsms"), NotNow),
        (answer(404, "Unknown request"), NotNow),
        (answer(302, "", "Location: http://127.0.0.1:9/"), NotNow),
        (answer(503, "Temporal failure, try again later."), NotNow),
        (answer(503, "<html>nginx</html>"), Unknown),
        (answer(500, "Sending failed."), Unknown),
        (answer(200, "<html>hello</html>"), Unknown),
        (DROP, Unknown),
        (b"HTTP/1.1 2", Unknown),
        (b"220 smtp.example ESMTP\r\n", Unknown),
    ],
)
async def test_what_each_answer_makes_of_a_text(
    session: aiohttp.ClientSession, said: bytes, fate: Any
) -> None:
    async with OddServer(said).listen() as server:
        found = await make(server.port, session).send(HELLO)
    assert (found == fate) if isinstance(fate, Sent) else isinstance(found, fate)
    assert len(server.requests) == 1


async def test_a_text_is_asked_for_once_even_where_the_connection_was_kept_before(
    session: aiohttp.ClientSession,
) -> None:
    kept = answer(202, "0: Accepted", "Connection: keep-alive")
    async with OddServer(kept, DROP, kept).listen() as server:
        gateway = make(server.port, session)
        assert isinstance(await gateway.send(HELLO), Sent)
        assert isinstance(await gateway.send(HELLO), Unknown)
        assert len(server.requests) == 2


async def test_a_server_that_says_nothing_leaves_it_unknown(
    session: aiohttp.ClientSession,
) -> None:
    server = OddServer(DROP)
    server.silent = True
    async with server.listen():
        found = await post(session, f"http://127.0.0.1:{server.port}/", b"", {}, whole=0.2)
    assert isinstance(found, Lost)
    assert "within" in found.words


async def test_where_nobody_listens_nothing_has_gone(session: aiohttp.ClientSession) -> None:
    async with OddServer(DROP).listen() as server:
        port = server.port
    gateway = make(port, session)
    fate = await gateway.send(HELLO)
    assert isinstance(fate, NotNow)
    assert fate.gateway_down
    assert gateway.health().state is GatewayState.DOWN
    found = await post(session, "http://no-such-host.invalid/", b"", {})
    assert isinstance(found, NotReached)


async def test_an_answer_is_read_to_a_limit(
    session: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http, "_LONGEST", 1000)
    async with OddServer(answer(202, "x" * 100_000)).listen() as server:
        found = await post(session, f"http://127.0.0.1:{server.port}/", b"", {})
    assert found == Reply(202, "x" * 1000)


async def test_the_password_stands_in_no_address(session: aiohttp.ClientSession) -> None:
    async with OddServer(answer(202)).listen() as server:
        await make(server.port, session, smsc="out", number="100").send(HELLO)
    head = server.requests[0].decode().splitlines()
    assert head[0] == "POST /cgi-bin/sendsms HTTP/1.1"
    assert {"X-Kannel-Password: secret", "X-Kannel-SMSC: out", "X-Kannel-From: 100"} <= set(head)
    # Kannel replaces %d and %A; a % of ours is doubled.
    assert (
        "X-Kannel-DLR-Url: http://127.0.0.1:9/gateways/kannel/s%%cret/report"
        "?key=815-2&type=%d&words=%A"
    ) in head


async def test_without_a_password_nothing_goes(session: aiohttp.ClientSession) -> None:
    async with OddServer(answer(202)).listen() as server:
        fate = await make(server.port, session, password=None).send(HELLO)
    assert isinstance(fate, NotNow)
    assert "password_file" in fate.words
    assert server.requests == []


async def test_reports_are_told_in_the_order_in_which_they_come(
    session: aiohttp.ClientSession,
) -> None:
    gateway, inbox = make(9, session), RememberingInbox()
    report = next(it for it in gateway.callbacks() if it.path == "report")
    fields = {"key": "815-2", "type": "1", "words": "id:1 stat:DELIVRD\n\udcff"}
    assert (await report.handle(fields))[0] == 503  # it does not run yet
    async with running(gateway, inbox):
        for kind in ("1", "8", "16", "2", "4"):
            assert await report.handle({**fields, "type": kind}) == (200, "")
        assert (await report.handle({"key": "815-2", "type": "64"}))[0] == 400
        assert (await report.handle({"type": "1"}))[0] == 400
    states = ["delivered", "buffered", "failed", "failed", "buffered"]
    words = "id:1 stat:DELIVRD \ufffd"
    assert [report.state for report in inbox.reports] == states
    assert inbox.reports[0] == Report("815-2", "delivered", words)


async def test_a_text_is_taken_only_when_the_ledger_has_it(
    session: aiohttp.ClientSession,
) -> None:
    gateway, inbox = make(9, session), RememberingInbox()
    incoming = next(it for it in gateway.callbacks() if it.path == "incoming")
    text = {"from": "+62811", "text": "hello", "id": "7"}
    assert (await incoming.handle(text))[0] == 503
    async with running(gateway, inbox):
        assert (await incoming.handle({"text": "hello"}))[0] == 400
        inbox.failures = math.inf
        with pytest.raises(LedgerError):
            await incoming.handle(text)
        inbox.failures = 0
        assert await incoming.handle(text) == (200, "")
        assert await incoming.handle(text) == (200, "")
    assert inbox.bodies == ["hello"]


async def test_its_health_follows_whether_somebody_listens(
    session: aiohttp.ClientSession,
) -> None:
    async with OddServer(answer(400, "Missing receiver(s) number(s), rejected")).listen() as server:
        gateway = make(server.port, session)
        assert gateway.health().state is GatewayState.STARTING
        async with running(gateway, RememberingInbox()):
            await until(gateway, GatewayState.UP)
    async with running(gateway, RememberingInbox()):
        await until(gateway, GatewayState.DOWN)
    assert f":{server.port}" in gateway.health().words
    # While it is up, smsbox is only connected to.
    assert len(server.requests) == 1
    assert b"X-Kannel-To" not in server.requests[0]


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (answer(403, "Authorization failed for sendsms"), "user-allow-ip"),
        (answer(404), "url"),
        (answer(200, "<html>"), "200"),
        (DROP, "without an answer"),
    ],
)
async def test_its_health_says_what_is_wrong(
    session: aiohttp.ClientSession, said: bytes, words: str
) -> None:
    async with OddServer(said).listen() as server:
        gateway = make(server.port, session)
        async with running(gateway, RememberingInbox()):
            await until(gateway, GatewayState.DOWN)
    assert words in gateway.health().words


def read(query: str) -> Any:
    return read_incoming(fields_of(query), NOW)


def test_texts_are_read_by_their_coding_and_charset() -> None:
    emoji = quote_from_bytes("Привет 😀".encode("utf-16-be"))
    assert read(f"from=x&coding=2&charset=UTF-16BE&text={emoji}").body == "Привет 😀"
    assert read(f"from=x&coding=2&text={emoji}").body == "Привет 😀"
    assert read("from=x&coding=0&charset=UTF-8&text=w%C3%B6rld+%E2%82%AC").body == "wörld €"
    assert read("from=x&coding=0&charset=ISO-8859-1&text=w%F6rld").body == "wörld"
    assert read("from=x&text=").body == ""
    odd = read("from=x&charset=KLINGON&text=hi")
    assert odd.body == "hi"
    assert "KLINGON" in odd.trouble


def test_data_is_kept_but_is_no_text() -> None:
    text = read("from=x&coding=1&charset=8-BIT&text=%00%FF")
    assert text.body is None
    assert "2 octets" in text.trouble
    assert "%00%FF" in text.raw


def test_a_part_says_what_it_is_part_of() -> None:
    assert read("from=x&text=a&udh=%05%00%03%FF%02%01").concat == Concat(255, 2, 1)
    assert read("from=x&text=a&udh=%06%08%04%01%FF%02%02").concat == Concat(511, 2, 2)
    for broken in ("", "%05", "%05%00%03%FF%02", "%05%00%03%FF%02%03", "%05%00%03%FF%02%00"):
        assert read(f"from=x&text=a&udh={broken}").concat is None


def test_the_key_is_kannels_own_or_made_of_all_that_came() -> None:
    first, second = "from=x&text=a&t=1800000000", "from=x&text=a&t=1800000001"
    assert read(f"{first}&id=42").key == "42"
    assert read(first).key == read(first).key != read(second).key
    assert read(first).sent_at == NOW
    assert read("from=x&t=2027-01-15+08:00:00").sent_at == NOW
    assert read("from=x&t=yesterday").sent_at == NOW


@given(octets=st.binary(), other=st.text(st.characters(codec="utf-8")))
def test_callback_fields_lose_no_octet(octets: bytes, other: str) -> None:
    query = f"a={quote_from_bytes(octets)}&b={quote_from_bytes(other.encode())}"
    fields = fields_of(query, b"c=%FF+1")
    assert octets_of(fields["a"]) == octets
    assert fields["b"] == other
    assert octets_of(fields["c"]) == b"\xff 1"


@given(
    st.dictionaries(
        st.sampled_from(["from", "to", "text", "coding", "charset", "udh", "id", "t"]),
        st.binary() | st.sampled_from([b"0", b"1", b"2", b"UTF-16BE", b"idna", b"hex", b"rot13"]),
    )
)
def test_no_callback_breaks_the_reader(fields: dict[str, bytes]) -> None:
    query = "&".join(f"{name}={quote_from_bytes(value)}" for name, value in fields.items())
    text = read(query)
    text.raw.encode()
    text.sender.encode()
    text.key.encode()
    (text.body or "").encode()


class running:  # noqa: N801
    """A gateway that runs."""

    def __init__(self, gateway: Kannel, inbox: RememberingInbox) -> None:
        self._run = gateway.run(inbox)

    async def __aenter__(self) -> None:
        self._task = asyncio.create_task(self._run)
        await asyncio.sleep(0)

    async def __aexit__(self, *_: object) -> None:
        self._task.cancel()
        await asyncio.wait({self._task})


async def until(gateway: Kannel, state: GatewayState) -> None:
    async with asyncio.timeout(10):
        while True:
            if gateway.health().state is state:
                return
            await asyncio.sleep(0.01)
