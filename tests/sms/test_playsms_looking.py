"""PlaySMS's web service as we answer it: what programs read (op=ds, ix, in, query)."""

from __future__ import annotations

from pathlib import Path

from ledger.text_search import TextSearch, Wanted
from ledger.texts import Origin, TextState
from sms.gateway import Refused, Report, Sent, Unknown
from tests.sms.playsms_client import serving
from tests.sms.sms_office import CUSTOMER

OTHER = "+628122222222"


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
