"""PlaySMS's web service as we answer it: what its scripts send, and what they read."""

from __future__ import annotations

import asyncio
import json
from datetime import datetime
from pathlib import Path
from xml.etree import ElementTree
from zoneinfo import ZoneInfo

import aiohttp
import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from ledger.outgoing_texts import OutgoingTexts
from ledger.text_search import TextSearch, Wanted
from ledger.texts import Origin, TextState
from pbx.gateways import PlaySmsGateway
from pbx.site import parse_site
from sms.gateway import Outgoing, Refused, Report, Sent, Unknown
from sms.gateways.http import new_session
from sms.gateways.playsms import PlaySms
from sms.playsms_service.login import LogIns
from sms.playsms_service.replies import written
from sms.playsms_service.sending import queue_of, text_of_queue
from tests.sms.odd_server import MemoryInbox
from tests.sms.playsms_client import PROGRAMS, SHOP_TOKEN, STOCK_TOKEN, serving
from tests.sms.sms_office import CUSTOMER, site_text

OTHER = "+628122222222"


async def test_a_text_is_sent_and_its_row_is_as_playsms_writes_it(tmp_path: Path) -> None:
    async with serving(tmp_path) as (office, client):
        answer = await client.get("pv", to="0811-1111-111", msg="Halo", unicode="1", nofooter="1")
        (text,) = await office.until(lambda texts: texts[0].state is TextState.SENT)
        assert answer == {
            "data": [
                {
                    "status": "OK",
                    "error": "0",
                    "smslog_id": text.id,
                    "queue": f"{text.id:032x}",
                    "to": CUSTOMER,
                }
            ],
            "error_string": None,
            "timestamp": int(office.moment),
        }
        assert (text.origin, text.account, text.body) == (Origin.API, "toko", "Halo")
        assert [it.number for it in office.gateway.sent] == [CUSTOMER]


async def test_a_form_and_one_of_many_parts_do_as_well_as_the_address(tmp_path: Path) -> None:
    async with serving(tmp_path) as (office, client):
        fields = client.fields("pv", to=CUSTOMER, msg="Café & co")
        del fields["app"]
        parted = aiohttp.FormData({**fields, "msg": "Привет"}, default_to_multipart=True)
        for form in (fields, parted):
            async with client.session.post(f"{client.url}?app=ws", data=form) as response:
                assert (await response.json())["data"][0]["status"] == "OK"
        assert [text.body for text in await office.texts()] == ["Café & co", "Привет"]


async def test_several_numbers_in_one_call_are_one_row_each(tmp_path: Path) -> None:
    async with serving(tmp_path) as (office, client):
        rows = await client.rows("pv", to=f"{CUSTOMER},12,{OTHER.lstrip('+')}", msg="Halo")
        assert [(row["status"], row["error"], row["to"]) for row in rows] == [
            ("OK", "0", CUSTOMER),
            ("ERR", "200", "12"),
            ("OK", "0", OTHER),
        ]
        assert "12" in rows[1]["error_string"]
        assert {text.number for text in await office.texts()} == {CUSTOMER, OTHER}


async def test_the_same_number_twice_in_a_call_has_one_text(tmp_path: Path) -> None:
    async with serving(tmp_path) as (office, client):
        rows = await client.rows("pv", to=f"{CUSTOMER},0811-1111-111", msg="Halo")
        assert rows[0]["smslog_id"] == rows[1]["smslog_id"]
        assert len(await office.texts()) == 1


async def test_each_call_is_a_text_of_its_own_unless_an_id_says_that_it_is_the_same(
    tmp_path: Path,
) -> None:
    async with serving(tmp_path) as (office, client):
        for _ in range(2):
            await client.rows("pv", to=CUSTOMER, msg="Halo")
        first, second = [
            (await client.rows("pv", to=CUSTOMER, msg="Halo", id="order-7"))[0] for _ in range(2)
        ]
        assert first == second
        stock = (await client.as_stock().rows("pv", to=CUSTOMER, msg="Halo", id="order-7"))[0]
        assert stock["smslog_id"] != first["smslog_id"]
        assert len(await office.texts()) == 4


@pytest.mark.parametrize(
    ("sent", "body"),
    [
        ("a &lt; b &amp; c", "a < b & c"),
        ("<b>1 < 2</b>", "<b>1 < 2</b>"),
        ("http://x.example/?a=1&copy=2", "http://x.example/?a=1&copy=2"),
        ("R&D 😀", "R&D 😀"),
    ],
)
async def test_nothing_of_a_text_is_lost(tmp_path: Path, sent: str, body: str) -> None:
    async with serving(tmp_path) as (office, client):
        await client.rows("pv", to=CUSTOMER, msg=sent)
        assert (await office.texts())[0].body == body


async def test_octets_that_are_no_utf8_are_no_fault(tmp_path: Path) -> None:
    async with serving(tmp_path) as (office, client):
        query = f"app=ws&u=toko&h={SHOP_TOKEN}&op=pv&to=08111111111&msg=caf%E9"
        reader, writer = await asyncio.open_connection(*client.url.split("/")[2].split(":"))
        writer.write(f"GET /index.php?{query} HTTP/1.0\r\nHost: x\r\n\r\n".encode())
        assert b'"status": "OK"' in await reader.read()
        writer.close()
        assert (await office.texts())[0].body == "caf\ufffd"


async def test_a_footer_is_added_unless_none_is_wanted(tmp_path: Path) -> None:
    async with serving(tmp_path) as (office, client):
        await client.rows("pv", to=CUSTOMER, msg="Halo", footer="@toko")
        await client.rows("pv", to=CUSTOMER, msg="Halo", footer="@toko", nofooter="1")
        assert [text.body for text in await office.texts()] == ["Halo @toko", "Halo"]


async def test_a_text_of_later_waits_until_then_even_when_its_gateway_is_down(
    tmp_path: Path,
) -> None:
    async with serving(tmp_path) as (office, client):
        office.moment = parse_moment("2026-11-22 10:00:00")
        (row,) = await client.rows("pv", to=CUSTOMER, msg="Besok", schedule="2026-11-23 08:00:00")
        (text,) = await office.texts()
        assert text.due == parse_moment("2026-11-23 08:00:00")
        assert office.site.sms is not None
        carriage = office.centre.requests.carriage(office.site.sms.gateways[0], "Besok")
        await OutgoingTexts(office.ledger).reassign([(text.id, carriage)], office.moment)
        assert (await office.texts())[0].due == text.due
        (status,) = await client.rows("ds", smslog_id=str(row["smslog_id"]))
        assert status["status"] == 0
        office.moment = text.due
        await client.rows("pv", to=OTHER, msg="Halo")  # wakes the gateway
        await office.until(lambda texts: texts[0].state is TextState.SENT)


def parse_moment(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Asia/Jakarta")).timestamp()


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"to": CUSTOMER}, "201"),
        ({"msg": "Halo"}, "201"),
        ({"to": " , ", "msg": "Halo"}, "201"),
        ({"to": CUSTOMER, "msg": " "}, "201"),
        ({"to": CUSTOMER, "msg": "Halo", "schedule": "besok"}, "200"),
        ({"to": CUSTOMER, "msg": "Halo", "schedule": "2099-01-01 00:00:00"}, "200"),
        ({"to": ",".join(["1"] * 1001), "msg": "Halo"}, "200"),
        ({"to": CUSTOMER, "msg": "Halo", "id": "x" * 101}, "200"),
    ],
)
async def test_what_cannot_be_sent_is_an_error_of_playsms(
    tmp_path: Path, fields: dict[str, str], code: str
) -> None:
    async with serving(tmp_path) as (office, client):
        assert await client.error("pv", **fields) == code
        assert await office.texts() == []


@pytest.mark.parametrize("to", ["#group", "@sari", "+14155550100", "0215550100", "x" * 200])
async def test_a_number_that_may_not_be_written_to_is_error_200(tmp_path: Path, to: str) -> None:
    async with serving(tmp_path) as (office, client):
        (row,) = await client.rows("pv", to=to, msg="Halo")
        assert (row["status"], row["error"], row["smslog_id"]) == ("ERR", "200", "")
        assert await office.texts() == []


async def test_a_program_cannot_send_more_than_its_parts_of_a_day(tmp_path: Path) -> None:
    async with serving(tmp_path) as (_, client):
        assert (await client.get("cr"))["credit"] == "5"
        rows = await client.rows("pv", to=f"{CUSTOMER},{OTHER}", msg="Halo" * 60)
        assert [row["error"] for row in rows] == ["0", "0"]
        assert (await client.get("cr"))["credit"] == "1"
        (row,) = await client.rows("pv", to=CUSTOMER, msg="Halo" * 60)
        assert (row["error"], row["status"]) == ("103", "ERR")
        assert (await client.as_stock().rows("pv", to=CUSTOMER, msg="Halo"))[0]["error"] == "0"


async def test_who_said_stop_gets_no_text_of_a_program(tmp_path: Path) -> None:
    async with serving(tmp_path) as (office, client):
        await office.text_in("STOP")
        (row,) = await client.rows("pv", to=CUSTOMER, msg="Promo")
        assert (row["error"], row["status"]) == ("200", "ERR")
        assert "STOP" in row["error_string"]


async def test_what_became_of_texts_is_told_with_playsms_numbers(tmp_path: Path) -> None:
    async with serving(tmp_path) as (office, client):
        office.gateway.fates.extend(
            [Refused("no such number"), Unknown("cut"), Sent("a"), Sent("b")]
        )
        for body in ("gagal", "entah", "terkirim", "sampai"):
            await client.rows("pv", to=CUSTOMER, msg=body)
            await office.until(
                lambda texts: all(
                    it.state not in {TextState.WAITING, TextState.SENDING} for it in texts
                )
            )
        await office.gateway.reports(Report("b", "delivered", ""))
        await office.until(lambda texts: texts[3].state is TextState.DELIVERED)
        office.gateway.up = False
        await client.rows("pv", to=CUSTOMER, msg="menunggu")
        found = await client.rows("ds")
        assert [(row["msg"], row["status"]) for row in found] == [
            ("menunggu", 0),
            ("sampai", 3),
            ("terkirim", 1),
            ("entah", 0),
            ("gagal", 2),
        ]
        office.gateway.up = True


async def test_texts_are_found_by_queue_id_number_and_day(tmp_path: Path) -> None:
    async with serving(tmp_path) as (office, client):
        first = (await client.rows("pv", to=CUSTOMER, msg="satu"))[0]
        second = (await client.rows("pv", to=OTHER, msg="dua"))[0]
        await office.until(lambda texts: all(it.state is TextState.SENT for it in texts))

        async def found(**fields: str) -> list[str]:
            return [row["msg"] for row in await client.rows("ds", **fields)]

        assert await found() == ["dua", "satu"]
        assert await found(c="1") == ["dua"]
        assert await found(c="no number") == ["dua", "satu"]
        assert await found(last=str(first["smslog_id"])) == ["dua"]
        assert await found(smslog_id=str(first["smslog_id"])) == ["satu"]
        assert await found(queue=str(second["queue"])) == ["dua"]
        assert await found(dst="08122222222") == ["dua"]
        assert await found(dst="628122222222") == ["dua"]
        assert await found(src="+62811000111") == ["dua", "satu"]
        assert await found(dt="2027-01-15") == ["dua", "satu"]
        assert await found(dt="2027-01-15 15:00:00") == ["dua", "satu"]
        for nothing in (
            {"queue": "b6e7"},
            {"queue": str(second["queue"]), "smslog_id": str(first["smslog_id"])},
            {"smslog_id": "x"},
            {"smslog_id": "9" * 30},
            {"smslog_id": "9" * 15},
            {"last": "9" * 15},
            {"queue": "f" * 32},
            {"last": str(second["smslog_id"])},
            {"dst": "nobody"},
            {"dt": "2027-01-16"},
            {"dt": "%"},
            {"src": "1234"},
        ):
            assert await client.error("ds", **nothing) == "400"
        row = (await client.rows("ds", c="1"))[0]
        assert row == {
            "smslog_id": second["smslog_id"],
            "src": "+62811000111",
            "dst": OTHER,
            "msg": "dua",
            "dt": "2027-01-15 15:00:00",
            "update": "2027-01-15 15:00:00",
            "status": 1,
        }


async def test_a_program_sees_its_own_texts_alone(tmp_path: Path) -> None:
    async with serving(tmp_path) as (office, client):
        row = (await client.rows("pv", to=CUSTOMER, msg="milik toko"))[0]
        await office.send("milik Sari")
        await office.text_in("masuk")
        stock = client.as_stock()
        assert await stock.error("ds") == "400"
        assert await stock.error("ds", smslog_id=str(row["smslog_id"])) == "400"
        assert await stock.error("ds", queue=str(row["queue"])) == "400"
        assert [it["msg"] for it in await client.rows("ds")] == ["milik toko"]


KEYWORD = '[[sms.keywords]]\nword = "info"\nanswer = "Buka 08.00"\n'


async def test_what_came_in_is_read_by_whom_the_site_file_lets(tmp_path: Path) -> None:
    async with serving(tmp_path, more=KEYWORD) as (office, client):
        await office.text_in('Jam "buka"?')
        await office.text_in("INFO harga", sender=OTHER)
        await office.text_in("Promo", sender="TELKOMSEL")
        stock = client.as_stock()
        inbox = await stock.rows("ix")
        assert [(row["src"], row["msg"]) for row in inbox] == [
            ("TELKOMSEL", "Promo"),
            (CUSTOMER, 'Jam "buka"?'),
        ]
        assert inbox[1] == {
            "id": 1,
            "src": CUSTOMER,
            "dst": "+62811000111",
            "msg": 'Jam "buka"?',
            "dt": "2027-01-15 15:00:00",
        }
        (by_keyword,) = await stock.rows("in", kwd="Info")
        assert by_keyword == {
            "id": 2,
            "src": OTHER,
            "dst": "+62811000111",
            "msg": "INFO harga",
            "dt": "2027-01-15 15:00:00",
            "kwd": "INFO",
            "status": 1,
        }
        assert await stock.error("in", kwd="PROMO") == "501"
        assert len(await stock.rows("in")) == 1
        assert [row["msg"] for row in await stock.rows("ix", last="1")] == ["Promo"]
        assert [row["msg"] for row in await stock.rows("ix", src="0811-1111-111")] == [
            'Jam "buka"?'
        ]
        assert [row["msg"] for row in await stock.rows("ix", src="TELKOMSEL")] == ["Promo"]
        assert await client.error("ix") == "501"
        assert await client.error("in") == "501"


async def test_a_query_tells_who_one_is_and_the_newest_ids(tmp_path: Path) -> None:
    async with serving(tmp_path, more=KEYWORD) as (office, client):
        await office.text_in("Halo")
        await office.text_in("INFO")
        row = (await client.as_stock().rows("pv", to=OTHER, msg="Halo"))[0]
        answer = await client.as_stock().get("query")
        assert (answer["status"], answer["error"]) == ("OK", "0")
        assert answer["data"]["user"]["username"] == "gudang"
        assert answer["data"]["last_id"] == {
            "user_inbox": 1,
            "user_incoming": 2,
            "user_outgoing": row["smslog_id"],
        }
        data = (await client.get("query"))["data"]
        assert data["last_id"] == {"user_inbox": 0, "user_incoming": 0, "user_outgoing": 0}
        assert data["user"]["credit"] == "5"


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"op": "pv", "h": "wrong"}, "100"),
        ({"op": "pv", "h": ""}, "100"),
        ({"op": "pv", "u": "gudang"}, "100"),
        ({"op": "pv", "u": "nobody"}, "100"),
        ({"op": "pv", "u": ""}, "100"),
        ({"op": ""}, "102"),
        ({"op": "bc"}, "101"),
        ({"op": "sx"}, "101"),
        ({"op": "inject"}, "101"),
        ({"op": "get_token", "p": "password"}, "104"),
        ({"op": "DS"}, "400"),
    ],
)
async def test_what_is_wrong_with_a_call_has_playsms_number(
    tmp_path: Path, fields: dict[str, str], code: str
) -> None:
    async with serving(tmp_path) as (_, client):
        async with client.session.get(client.url, params=client.fields("ds") | fields) as response:
            answer = await response.json()
        assert (answer["status"], answer["error"]) == ("ERR", code)
        assert answer["error_string"]


async def test_who_guesses_tokens_is_refused_after_ten_and_a_right_one_is_still_let_in(
    tmp_path: Path,
) -> None:
    async with serving(tmp_path) as (_, client):
        wrong = client.fields("ds", h="a wrong token")
        for status in [200] * 10 + [429] * 2:
            async with client.session.get(client.url, params=wrong) as response:
                assert response.status == status
                assert (await response.json())["error"] == "100"
        assert await client.error("ds") == "400"
        async with client.session.get(client.url, params=wrong) as response:
            assert response.status == 200


async def test_a_wrong_token_is_kept_waiting(tmp_path: Path) -> None:
    sms = parse_site(site_text(more=PROGRAMS), tmp_path / "site.toml").sms
    assert sms is not None
    log_ins = LogIns(asyncio.get_running_loop().time, pause=3600.0)
    guess = asyncio.create_task(log_ins.find(sms.api, "toko", "a wrong token", "192.0.2.1"))
    found = await log_ins.find(sms.api, "toko", SHOP_TOKEN, "192.0.2.1")
    assert found is not None
    assert found.username == "toko"
    assert not guess.done()
    guess.cancel()


async def test_no_token_stands_in_the_log(tmp_path: Path) -> None:
    with structlog.testing.capture_logs() as logs:
        async with serving(tmp_path) as (_, client):
            await client.rows("pv", to=CUSTOMER, msg="a secret word")
            await client.error("ds", u=SHOP_TOKEN, h="toko")
            await client.error("ds", h=STOCK_TOKEN)
    said = json.dumps(logs, default=str)
    assert "log-in failed" in said
    for secret in (SHOP_TOKEN, STOCK_TOKEN, "a secret word"):
        assert secret not in said


async def test_a_program_whose_token_cannot_be_read_is_not_let_in(tmp_path: Path) -> None:
    more = '[[sms.api]]\nusername = "lain"\ntoken_file = "none.txt"\n'
    with structlog.testing.capture_logs() as logs:
        async with serving(tmp_path, more=more) as (_, client):
            assert await client.error("ds", u="lain", h="") == "100"
    assert "none.txt" in json.dumps(logs, default=str)


async def test_a_site_file_that_is_reread_counts_at_once(tmp_path: Path) -> None:
    async with serving(tmp_path) as (office, client):
        office.site = parse_site(site_text(), tmp_path / "site.toml")
        async with client.session.get(client.url, params=client.fields("ds")) as response:
            assert response.status == 404


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/index.php?app=main", 404),
        ("GET", "/index.php", 404),
        ("HEAD", "/index.php?app=ws", 405),
        ("GET", "/other.php?app=ws", 404),
        ("GET", "/playsms/index.php?app=ws", 200),
    ],
)
async def test_only_playsms_addresses_are_served(
    tmp_path: Path, method: str, path: str, status: int
) -> None:
    async with serving(tmp_path) as (_, client):
        url = client.url.removesuffix("/index.php") + path
        async with client.session.request(method, url) as response:
            assert response.status == status


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("multipart/form-data", b"x"),
        ("multipart/form-data; boundary=x", b"--x\r\n\r\n"),
        ("multipart/form-data; boundary=x", b"nothing of the kind"),
        (
            "multipart/form-data; boundary=x",
            b'--x\r\nContent-Disposition: form-data; name="op"\r\n'
            b"Content-Type: text/plain; charset=klingon\r\n\r\nds\r\n--x--\r\n",
        ),
        ("application/x-www-form-urlencoded", b"%&=;\xff\0"),
    ],
)
async def test_a_form_that_cannot_be_read_is_an_error_and_no_fault(
    tmp_path: Path, kind: str, body: bytes
) -> None:
    async with (
        serving(tmp_path) as (_, client),
        client.session.post(
            f"{client.url}?app=ws", data=body, headers={"Content-Type": kind}
        ) as response,
    ):
        assert response.status == 200
        assert (await response.json())["error"] == "102"


async def test_a_ledger_that_fails_is_no_text_sent(tmp_path: Path) -> None:
    async with serving(tmp_path) as (office, client):
        await office.ledger.write(lambda it: it.exec_driver_sql("ALTER TABLE texts RENAME TO gone"))
        try:
            (row,) = await client.rows("pv", to=CUSTOMER, msg="Halo")
            assert (row["error"], row["smslog_id"]) == ("200", "")
            params = client.fields("ds")
            async with client.session.get(client.url, params=params) as response:
                assert response.status == 503
        finally:
            undo = "ALTER TABLE gone RENAME TO texts"
            await office.ledger.write(lambda it: it.exec_driver_sql(undo))


async def test_xml_and_serialize_are_written_as_playsms_does(tmp_path: Path) -> None:
    async with serving(tmp_path) as (_, client):
        await client.rows("pv", to=CUSTOMER, msg="<b> & \x07é")
        fields = client.fields("ds", format="xml")
        async with client.session.get(client.url, params=fields) as response:
            assert response.content_type == "text/xml"
            found = ElementTree.fromstring(await response.text())
        assert found.findtext("data/item/msg") == "<b> & \ufffdé"
        assert found.findtext("data/item/status") == "0"
        fields = client.fields("cr", format="serialize")
        async with client.session.get(client.url, params=fields) as response:
            text = await response.text()
        assert text.startswith('a:5:{s:6:"status";s:2:"OK";s:5:"error";s:1:"0";s:6:"credit";s:1:"')


def test_lengths_in_serialize_are_those_of_octets() -> None:
    reply = {"data": [{"msg": "é", "id": 7}], "error_string": None}
    assert written(reply, "serialize", 1.5) == (
        "text/plain",
        'a:3:{s:4:"data";a:1:{i:0;a:2:{s:3:"msg";s:2:"é";s:2:"id";i:7;}}'
        's:12:"error_string";N;s:9:"timestamp";i:1;}',
    )


@given(st.integers(1, 2**31 - 1))
def test_a_queue_code_leads_back_to_its_text(text_id: int) -> None:
    assert text_of_queue(queue_of(text_id)) == text_id
    assert len(queue_of(text_id)) == 32


@given(st.text())
def test_a_queue_code_of_another_leads_nowhere(queue: str) -> None:
    assert text_of_queue(queue) is None or queue_of(text_of_queue(queue) or 0) == queue


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_any_text_is_well_formed_xml(text: str) -> None:
    _, page = written({"data": [{"msg": text}]}, "XML", 1.0)
    assert ElementTree.fromstring(page).find("data/item/msg") is not None


async def test_our_own_gateway_to_playsms_can_talk_to_it(tmp_path: Path) -> None:
    async with serving(tmp_path) as (office, client), new_session() as session:
        inbox = MemoryInbox()
        section = {
            "name": "play",
            "kind": "playsms",
            "url": client.url,
            "username": "gudang",
            "token": STOCK_TOKEN,
            "poll": 0.02,
            "timezone": "Asia/Jakarta",
        }
        gateway = PlaySms(
            PlaySmsGateway.model_validate(section), session=session, now=lambda: office.moment
        )
        running = asyncio.create_task(gateway.run(inbox))
        await asyncio.sleep(0)
        try:
            body = "a < b &amp; <i>c</i> " + "Привет " * 40
            fates = [
                await gateway.send(Outgoing(f"1-{at}", CUSTOMER, None, piece))
                for at, piece in enumerate(gateway.pieces(body, 0))
            ]
            assert all(isinstance(fate, Sent) for fate in fates)
            texts = await office.until(
                lambda texts: len(texts) == len(fates) and texts[-1].state is TextState.SENT
            )
            assert "".join(text.body for text in texts).replace(" ", "") == body.replace(" ", "")
            await office.gateway.reports(Report(f"one/{texts[0].id}-1", "delivered", ""))
            await office.text_in("Masuk", sender=OTHER)
            async with asyncio.timeout(10), inbox.changed:
                await inbox.changed.wait_for(lambda: bool(inbox.texts))
            (text,) = inbox.texts.values()
            assert (text.sender, text.own_number, text.body) == (OTHER, "+62811000111", "Masuk")
            assert text.sent_at == office.moment
        finally:
            running.cancel()
            await asyncio.wait({running})


async def test_a_search_by_program_uses_its_index(tmp_path: Path) -> None:
    async with serving(tmp_path) as (office, client):
        await client.rows("pv", to=CUSTOMER, msg="Halo")
        (text,) = await TextSearch(office.ledger).find(Wanted(Origin.API, account="toko"), 5)
        assert text.body == "Halo"
        plan = await office.ledger.read(
            lambda it: str(
                it.exec_driver_sql(
                    "EXPLAIN QUERY PLAN SELECT * FROM texts WHERE origin = 'api' "
                    "AND account != '' AND account = 'toko' ORDER BY id DESC LIMIT 5"
                ).all()
            )
        )
        assert "texts_of_account" in plan
