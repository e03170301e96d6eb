"""PlaySMS's web service as we answer it: texts that programs send (op=pv)."""

from __future__ import annotations

import asyncio
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import aiohttp
import pytest

from ledger.texts import Origin, TextState
from ledger.waiting_texts import WaitingTexts
from tests.sms.playsms_client import SHOP_TOKEN, serving
from tests.sms.sms_office import CUSTOMER

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
        await WaitingTexts(office.ledger).reassign([(text.id, carriage)], office.moment)
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
