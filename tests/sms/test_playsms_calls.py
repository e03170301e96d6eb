"""PlaySMS's web service as we answer it: who calls, how, and the forms of answers."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from xml.etree import ElementTree

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from ledger.texts import TextState
from pbx.gateways import PlaySmsGateway
from pbx.site import parse_site
from sms.gateway import Outgoing, Report, Sent
from sms.gateways.http import new_session
from sms.gateways.playsms.gateway import PlaySms
from sms.playsms_service.login import LogIns
from sms.playsms_service.replies import written
from sms.playsms_service.sending import queue_of, text_of_queue
from tests.sms.playsms_client import PROGRAMS, SHOP_TOKEN, STOCK_TOKEN, serving
from tests.sms.remembering_inbox import RememberingInbox
from tests.sms.sms_office import CUSTOMER, site_text

OTHER = "+628122222222"


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
        inbox = RememberingInbox()
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
            await inbox.until(lambda it: bool(it.texts))
            (text,) = inbox.texts.values()
            assert (text.sender, text.own_number, text.body) == (OTHER, "+62811000111", "Masuk")
            assert text.sent_at == office.moment
        finally:
            running.cancel()
            await asyncio.wait({running})
