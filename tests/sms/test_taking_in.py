"""Whose a text is that came in, and which words are taken for one that means something."""

from __future__ import annotations

from pathlib import Path

import pytest

from agi.services import TextWanted
from cli.dialplan_texts import ask_for
from ledger.number_lists import StopList
from ledger.text_search import TextSearch
from ledger.texts import Origin
from sms.gateway import Concat, Incoming
from sms.policy import Refusal
from tests.sms.sms_office import CUSTOMER, SmsOffice, running_office, site_text

INFO = '[[sms.keywords]]\nword = "INFO"\nanswer = "Buka pukul 8"\n'


async def stopped(office: SmsOffice) -> list[str]:
    return [it.number for it in await StopList(office.ledger).all()]


@pytest.mark.parametrize("sender", ["628111111111", "+628111111111", "08111111111"])
async def test_stop_counts_for_a_number_however_its_gateway_writes_it(
    tmp_path: Path, sender: str
) -> None:
    async with running_office(tmp_path) as office:
        await office.text_in("STOP", sender=sender)
        assert await stopped(office) == [CUSTOMER]
        refused = await office.send("Promo", to="08111111111")
        assert isinstance(refused, Refusal)
        assert refused.reason == "stop-list"


async def test_a_name_with_a_number_in_it_is_no_number_and_gets_no_answer(tmp_path: Path) -> None:
    async with running_office(tmp_path, site_text(more=INFO)) as office:
        await office.text_in("INFO", sender="X0811111111")
        assert [it.number for it in await office.texts()] == ["X0811111111"]


@pytest.mark.parametrize("came_to", ["62811000222", "+62811000222", "0811000222"])
async def test_a_text_goes_to_whose_number_it_came_to_however_that_is_written(
    tmp_path: Path, came_to: str
) -> None:
    text = site_text('numbers = { "+62811000222" = "1002" }')
    async with running_office(tmp_path, text) as office:
        incoming = Incoming("1", "1", CUSTOMER, came_to, office.moment, "Halo")
        await office.gateway.brings(incoming)
        assert [it.recipient for it in await office.letters()] == ["budi@klinik.example"]


@pytest.mark.parametrize(
    "body",
    [
        *("STOP", "stop", "Stop.", "STOP:", "Stop-", "*STOP*", "_stop_", "\u201cStop\u201d"),
        *("\u00a0STOP\u00a0", "STOP\u200b", "\ufeffSTOP", "STOP \U0001f621", "\U0001f64f STOP"),
        *("\U0001f6d1\ufe0fstop!!!\n", "(stop)"),
    ],
)
async def test_stop_alone_is_the_word_whatever_signs_stand_around_it(
    tmp_path: Path, body: str
) -> None:
    async with running_office(tmp_path) as office:
        await office.text_in(body)
        assert await stopped(office) == [CUSTOMER]
        await office.text_in(body.upper().replace("STOP", "START"))
        assert await stopped(office) == []


@pytest.mark.parametrize("body", ["Stop it", "nonstop", "STOP 1", "...", "\U0001f6d1", "S TOP"])
async def test_other_words_stop_nothing(tmp_path: Path, body: str) -> None:
    async with running_office(tmp_path) as office:
        await office.text_in(body)
        assert await stopped(office) == []


async def test_stop_counts_in_a_text_that_came_with_trouble(tmp_path: Path) -> None:
    async with running_office(tmp_path) as office:
        text = Incoming("1", "1", CUSTOMER, None, office.moment, "STOP", trouble="odd alphabet")
        await office.gateway.brings(text)
        assert await stopped(office) == [CUSTOMER]
        assert (await office.texts())[0].body == "STOP\n[odd alphabet]"


async def test_the_end_of_a_text_whose_beginning_is_missing_is_no_word(tmp_path: Path) -> None:
    async with running_office(tmp_path, site_text(more=INFO)) as office:
        for which, body in enumerate(("STOP", "INFO")):
            part = Incoming(body, body, CUSTOMER, None, office.moment, body, Concat(which, 2, 2))
            await office.gateway.brings(part)
            first = Incoming(
                f"{body}-1", "", CUSTOMER, None, office.moment, None, Concat(which, 2, 1)
            )
            await office.gateway.brings(first)
        assert [it.body for it in await office.texts()] == ["[…]STOP", "[…]INFO"]
        assert await stopped(office) == []


@pytest.mark.parametrize(
    ("body", "answered"),
    [
        *(("INFO, harga?", True), ("*info* harga", True), ("\u201cInfo\u201d", True)),
        *(("\u00a0info\u00a0harga", True), ("- INFO: harga", True), ("INFO\u200b", True)),
        *(("Informasi", False), ("harga info", False), ("", False)),
    ],
)
async def test_a_keyword_is_the_first_word_without_the_signs_around_it(
    tmp_path: Path, body: str, answered: bool
) -> None:
    async with running_office(tmp_path, site_text(more=INFO)) as office:
        await office.text_in(body)
        answers = [it for it in await office.texts() if it.origin is Origin.KEYWORD]
        assert [it.body for it in answers] == ["Buka pukul 8"] * answered


async def test_keywords_that_differ_by_a_sign_are_two(tmp_path: Path) -> None:
    words = {"A": "satu", "A+": "dua", "?": "tiga"}
    more = "".join(
        f'[[sms.keywords]]\nword = "{word}"\nanswer = "{answer}"\n'
        for word, answer in words.items()
    )
    async with running_office(tmp_path, site_text(more=more)) as office:
        for body in ("a+ harga", "A", "? harga", "a!", "!"):
            await office.text_in(body)
        answers = [it.body for it in await office.texts() if it.origin is Origin.KEYWORD]
        assert answers == ["dua", "satu", "tiga", "satu"]


async def test_who_calls_again_and_again_gets_five_texts_an_hour(tmp_path: Path) -> None:
    async with running_office(tmp_path) as office:
        search = TextSearch(office.ledger)

        async def call(which: int, number: str = "0811-1111-111") -> str:
            wanted = TextWanted(
                number=number, body="Kami tutup", extension="", unique_id=f"{which}.0"
            )
            return await ask_for(wanted, office.centre.requests, office.site, search, office.moment)

        assert [await call(which) for which in range(7)] == [""] * 5 + ["over-cap-person"] * 2
        assert await call(8, "08122222222") == ""
        assert await call(9, "021 555 1234") == "bad-number"
        office.moment += 3700
        assert await call(10) == ""
