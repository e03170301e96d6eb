"""The SMS centre on a real ledger, with gateways in memory."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from ledger.facts import NoticeFacts, TextFacts
from ledger.texts import TextState
from sms.gateway import Concat, Incoming, NotNow, Refused, Report, Sent, Unknown
from sms.policy import Asker, Refusal
from sms.requests import Accepted
from tests.sms.sms_office import CUSTOMER, SARI, running_office, site_text


async def test_a_text_that_belongs_to_nobody_goes_to_the_desk(tmp_path: Path) -> None:
    async with running_office(tmp_path) as office:
        await office.text_in("Jam buka?")
        (letter,) = await office.letters()
        assert (letter.extension, letter.recipient) == ("", "desk@klinik.example")
        assert isinstance(letter.facts, TextFacts)
        assert (letter.facts.number, letter.facts.body) == (CUSTOMER, "Jam buka?")
        assert office.mails.is_set()


async def test_the_same_text_brought_twice_is_mailed_once(tmp_path: Path) -> None:
    async with running_office(tmp_path) as office:
        for _ in range(2):
            await office.text_in("Halo", key="a")
        assert len(await office.letters()) == 1


async def test_a_text_goes_to_who_wrote_to_that_customer_last(tmp_path: Path) -> None:
    async with running_office(tmp_path) as office:
        await office.send("Hasil lab sudah ada")
        await office.until(lambda texts: texts[0].state is TextState.SENT)
        await office.text_in("Terima kasih")
        (letter,) = await office.letters()
        assert (letter.extension, letter.recipient) == ("1001", "sari@klinik.example")
        assert isinstance(letter.facts, TextFacts)
        assert [(it.by, it.body) for it in letter.facts.earlier] == [
            ("Sari", "Hasil lab sudah ada")
        ]
        assert letter.facts.reply_to is not None
        assert letter.facts.reply_to.startswith("628111111111-1001-")


async def test_the_number_that_it_came_to_decides_before_who_wrote_last(tmp_path: Path) -> None:
    text = site_text(
        sms='numbers = { "+62811000111" = "1002" }', gateways=(("one", 'number = "+62811000111"'),)
    )
    async with running_office(tmp_path, text) as office:
        await office.send("Halo")
        await office.text_in("Hai")
        (letter,) = await office.letters()
        assert letter.recipient == "budi@klinik.example"


async def test_a_keyword_answers_forwards_and_adds_to_its_group(tmp_path: Path) -> None:
    keyword = """
[[sms.keywords]]
word = "info"
answer = "Buka 08.00-17.00"
to = ["resep@klinik.example"]
join = "pelanggan"
"""
    async with running_office(tmp_path, site_text(more=keyword)) as office:
        await office.text_in("Info jam buka")
        (letter,) = await office.letters()
        assert letter.recipient == "resep@klinik.example"
        await office.until(lambda texts: texts[-1].state is TextState.SENT)
        assert [it.piece.text for it in office.gateway.sent] == ["Buka 08.00-17.00"]


async def test_two_machines_do_not_answer_each_other_for_ever(tmp_path: Path) -> None:
    keyword = '[[sms.keywords]]\nword = "INFO"\nanswer = "INFO"\n'
    async with running_office(tmp_path, site_text(more=keyword)) as office:
        for number in range(12):
            await office.text_in("INFO", key=str(number))
        texts = await office.until(
            lambda it: all(text.state is TextState.SENT for text in it if not text.came_in)
        )
        assert len([text for text in texts if not text.came_in]) <= 5


async def test_stop_ends_texts_to_a_number_whoever_asks_and_start_begins_again(
    tmp_path: Path,
) -> None:
    async with running_office(tmp_path) as office:
        await office.text_in(" Stop. ")
        refused = await office.send("Promo")
        assert isinstance(refused, Refusal)
        assert refused.reason == "stop-list"
        await office.text_in("Mulai")
        assert isinstance(await office.send("Promo"), Accepted)


async def test_a_keyword_of_a_number_on_the_stop_list_mails_the_administrator_nothing(
    tmp_path: Path,
) -> None:
    keyword = '[[sms.keywords]]\nword = "info"\nanswer = "Buka jam 8"\n'
    async with running_office(tmp_path, site_text(more=keyword)) as office:
        for number, body in enumerate(("STOP", "INFO", "INFO", "START", "INFO")):
            await office.text_in(body, key=str(number))
        await office.until(lambda it: it[-1].state is TextState.SENT)
        assert [it.body for it in await office.texts() if not it.came_in] == ["Buka jam 8"]
        assert all(isinstance(it.facts, TextFacts) for it in await office.letters())


async def test_a_text_that_waited_when_stop_came_is_not_sent(tmp_path: Path) -> None:
    async with running_office(tmp_path) as office:
        office.gateway.up = False
        await office.send("Promo")
        await office.text_in("STOP")
        office.gateway.up = True
        texts = await office.until(lambda it: it[0].state is not TextState.WAITING)
        assert texts[0].state is TextState.STOPPED
        assert office.gateway.sent == []


async def test_parts_are_joined_in_any_order_and_mailed_once(tmp_path: Path) -> None:
    async with running_office(tmp_path) as office:
        for number, body in ((2, "dua "), (3, "tiga"), (1, "satu "), (2, "dua ")):
            part = Incoming(
                f"{number}", body, CUSTOMER, None, office.moment, body, Concat(7, 3, number)
            )
            await office.gateway.brings(part)
        (letter,) = await office.letters()
        assert isinstance(letter.facts, TextFacts)
        assert letter.facts.body == "satu dua tiga"
        assert not letter.facts.incomplete


@pytest.mark.parametrize("times", [1, 3])
async def test_the_same_e_mail_sends_one_text(tmp_path: Path, times: int) -> None:
    async with running_office(tmp_path) as office:
        for _ in range(times):
            assert isinstance(await office.send("Halo", source="mail:1"), Accepted)
        await office.until(lambda texts: texts[0].state is TextState.SENT)
        assert len(office.gateway.sent) == 1


async def test_what_may_have_gone_is_set_aside_and_told(tmp_path: Path) -> None:
    async with running_office(tmp_path) as office:
        office.gateway.fates.append(Unknown("no answer"))
        await office.send("Halo")
        await office.until(lambda texts: texts[0].state is TextState.UNKNOWN)
        (letter,) = await office.letters()
        assert isinstance(letter.facts, NoticeFacts)
        assert letter.facts.about == "text-unknown"
        assert letter.recipient == "sari@klinik.example"


async def test_a_crash_while_sending_leaves_the_text_unknown_and_unsent(tmp_path: Path) -> None:
    after = tmp_path / "after"
    after.mkdir()
    async with running_office(tmp_path) as office:
        office.gateway.held.clear()
        await office.send("Halo")
        await office.gateway.begun.wait()
        with sqlite3.connect(tmp_path / "ledger.sqlite") as left:
            left.execute("VACUUM INTO ?", (str(after / "ledger.sqlite"),))
        office.gateway.held.set()
    async with running_office(after) as office:
        texts = await office.until(lambda texts: texts[0].state is not TextState.SENDING)
        assert texts[0].state is TextState.UNKNOWN
        assert office.gateway.sent == []
        (letter,) = await office.letters()
        assert isinstance(letter.facts, NoticeFacts)
        assert letter.facts.about == "text-unknown"


async def test_another_gateway_takes_what_one_cannot_send_now(tmp_path: Path) -> None:
    text = site_text(gateways=(("one", "price = 1"), ("two", "price = 2")))
    async with running_office(tmp_path, text) as office:
        office.gateways["one"].fates.append(NotNow("no signal", gateway_down=True))
        await office.send("Halo")
        await office.until(lambda texts: texts[0].state is TextState.SENT)
        assert len(office.gateways["two"].sent) == 1


async def test_gateways_that_all_refuse_end_in_a_notice(tmp_path: Path) -> None:
    text = site_text(gateways=(("one", ""), ("two", "")))
    async with running_office(tmp_path, text) as office:
        for gateway in office.gateways.values():
            gateway.fates.append(Refused("bad number", elsewhere=True))
        await office.send("Halo")
        await office.until(lambda texts: texts[0].state is TextState.FAILED)
        (letter,) = await office.letters()
        assert isinstance(letter.facts, NoticeFacts)
        assert letter.facts.about == "text-not-sent"


async def test_each_part_of_a_long_text_is_reported_on(tmp_path: Path) -> None:
    async with running_office(tmp_path) as office:
        await office.send("a" * 300)
        await office.until(lambda texts: texts[0].state is TextState.SENT)
        for outgoing in office.gateway.sent:
            await office.gateway.reports(Report(f"one/{outgoing.key}", "delivered"))
        await office.until(lambda texts: texts[0].state is TextState.DELIVERED)


@pytest.mark.parametrize("written", [CUSTOMER, "08111111111", "628111111111"])
async def test_a_report_whose_number_is_written_as_at_home_is_of_its_text(
    tmp_path: Path, written: str
) -> None:
    async with running_office(tmp_path) as office:
        office.gateway.fates.append(Sent("17"))
        await office.send("Halo")
        await office.until(lambda it: it[0].state is TextState.SENT)
        await office.gateway.reports(Report("17", "failed", "no such phone", written))
        assert (await office.texts())[0].state is TextState.FAILED
        assert len(await office.letters()) == 1


async def test_a_report_that_comes_before_the_gateways_answer_counts(tmp_path: Path) -> None:
    async with running_office(tmp_path) as office:
        office.gateway.held.clear()
        office.gateway.fates.append(Sent("77"))
        await office.send("Halo")
        await office.gateway.begun.wait()
        await office.gateway.reports(Report("77", "delivered"))
        office.gateway.held.set()
        await office.until(lambda texts: texts[0].state is TextState.DELIVERED)


async def test_caps_hold_for_a_person_and_for_the_site(tmp_path: Path) -> None:
    async with running_office(tmp_path, site_text(sms="per_day = 3")) as office:
        answers = [
            await office.send("Halo", source=f"mail:{n}", asker=Asker("1001", cap=2))
            for n in range(3)
        ]
        assert isinstance(answers[2], Refusal)
        assert answers[2].reason == "over-cap-person"
        other = Asker("1002", cap=9)
        assert isinstance(await office.send("Halo", source="a", asker=other), Accepted)
        refused = await office.send("Halo", source="b", asker=other)
        assert isinstance(refused, Refusal)
        assert refused.reason == "over-cap-site"


@pytest.mark.parametrize(
    ("number", "reason"),
    [
        ("+14155552671", "country-not-open"),
        ("911", "bad-number"),
        ("+6221500600", "bad-number"),
        ("0809123456", "bad-number"),
    ],
)
async def test_numbers_that_may_not_be_written_to_are_refused(
    tmp_path: Path, number: str, reason: str
) -> None:
    async with running_office(tmp_path) as office:
        refused = await office.send("Halo", to=number, asker=SARI)
        assert isinstance(refused, Refusal)
        assert refused.reason == reason


async def test_an_answer_comes_from_the_number_that_the_customer_wrote_to(tmp_path: Path) -> None:
    text = site_text(gateways=(("cheap", "price = 1"), ("dear", "price = 9")))
    async with running_office(tmp_path, text) as office:
        await office.text_in("Kapan buka?", gateway="dear")
        await office.send("Pukul 08.00")
        await office.send("Promo", to="+628122222222")
        await office.until(lambda it: [one.state for one in it[1:]] == [TextState.SENT] * 2)
        assert [it.piece.text for it in office.gateways["dear"].sent] == ["Pukul 08.00"]
        assert [it.piece.text for it in office.gateways["cheap"].sent] == ["Promo"]


async def test_an_answer_goes_another_way_when_that_gateway_is_down(tmp_path: Path) -> None:
    text = site_text(gateways=(("cheap", "price = 1"), ("dear", "price = 9")))
    async with running_office(tmp_path, text) as office:
        await office.text_in("Kapan buka?", gateway="dear")
        office.gateways["dear"].up = False
        await office.send("Pukul 08.00")
        await office.until(lambda it: it[1].state is TextState.SENT)
        assert len(office.gateways["cheap"].sent) == 1


async def test_a_text_of_a_number_too_long_for_an_answer_holds_up_no_gateway(
    tmp_path: Path,
) -> None:
    async with running_office(tmp_path) as office:
        await office.text_in("Halo", sender="4955924387364190")
        await office.text_in("Tolong")
        first, second = await office.texts()
        assert (first.number, first.body) == ("4955924387364190", "Halo")
        assert (second.number, second.body) == (CUSTOMER, "Tolong")
        assert len(await office.letters()) == 2
