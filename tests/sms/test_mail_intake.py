"""E-mails that become texts, as the listener hands them over."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from ledger.facts import NoticeFacts
from ledger.outbox import Outbox
from ledger.outgoing_texts import OutgoingTexts
from ledger.texts import TextState
from mail.intake.tokens import ReplyAddresses
from pbx.numbers import E164
from sms.mail_intake import TextMails, without_quoted
from tests.sms.sms_office import CUSTOMER, SECRET, SmsOffice, running_office, site_text

DIRECT = f"{CUSTOMER}@sms.klinik.example"
SIGNED = ReplyAddresses(SECRET, "sms.klinik.example").address(E164(CUSTOMER), "1001")
LETTER = """\
From: Sari <{sender}>
To: {to}
Subject: Re: SMS dari 0811-1111-111
Message-ID: <{number}@klinik.example>
Date: Sun, 22 Nov 2026 09:00:00 +0700
{more}Content-Type: text/plain; charset=utf-8

{body}
"""


def letter(
    body: str = "Hasilnya sudah ada.",
    *,
    sender: str = "sari@klinik.example",
    to: str = DIRECT,
    number: int = 1,
    more: str = "",
) -> bytes:
    text = LETTER.format(body=body, sender=sender, to=to, number=number, more=more)
    return text.replace("\n", "\r\n").encode()


@asynccontextmanager
async def intake(folder: Path, text: str = "") -> AsyncIterator[tuple[SmsOffice, TextMails]]:
    async with running_office(folder, text) as office:
        addresses = ReplyAddresses(SECRET, "sms.klinik.example")
        yield (
            office,
            TextMails(
                site=lambda: office.site,
                requests=office.centre.requests,
                texts=OutgoingTexts(office.ledger),
                outbox=Outbox(office.ledger),
                addresses=lambda: addresses,
                wake_mail=office.mails.set,
                now=lambda: office.moment,
            ),
        )


async def test_an_answer_to_a_texts_e_mail_becomes_a_text_of_its_new_words(tmp_path: Path) -> None:
    quoted = "Pada Min, 22 Nov 2026 08.00, 0811 <v@klinik.example> menulis:\n> Kapan?"
    body = f"Hasilnya sudah ada.\n\n{quoted}"
    async with intake(tmp_path) as (office, mails):
        answer = await mails.message(letter(body, to=SIGNED), "sari@klinik.example", SIGNED)
        assert answer.code == 250
        texts = await office.until(lambda it: bool(it) and it[0].state is TextState.SENT)
        assert (texts[0].number, texts[0].body, texts[0].extension) == (
            CUSTOMER,
            "Hasilnya sudah ada.",
            "1001",
        )


async def test_the_same_e_mail_brought_again_sends_no_second_text(tmp_path: Path) -> None:
    async with intake(tmp_path) as (office, mails):
        for _ in range(3):
            assert (await mails.message(letter(), "sari@klinik.example", DIRECT)).code == 250
        await office.until(lambda it: bool(it) and it[0].state is TextState.SENT)
        assert len(office.gateway.sent) == 1


async def test_the_second_of_two_people_who_share_a_mail_account_can_answer(
    tmp_path: Path,
) -> None:
    text = site_text().replace("[sms.mail]", '[sms.mail]\nauthserv_id = "mx.klinik.example"')
    to = ReplyAddresses(SECRET, "sms.klinik.example").address(E164(CUSTOMER), "1002")
    shared = text.replace("budi@klinik.example", "sari@klinik.example")
    async with intake(tmp_path, shared) as (office, mails):
        assert (await mails.message(letter(to=to), "sari@klinik.example", to)).code == 250
        assert [it.extension for it in await office.texts()] == ["1002"]


async def test_two_numbers_of_one_e_mail_each_get_it(tmp_path: Path) -> None:
    other = "+628122222222@sms.klinik.example"
    async with intake(tmp_path) as (office, mails):
        for recipient in (DIRECT, other):
            assert (await mails.message(letter(), "sari@klinik.example", recipient)).code == 250
        texts = await office.until(lambda it: len(it) == 2)
        assert {text.number for text in texts} == {CUSTOMER, "+628122222222"}


@pytest.mark.parametrize(
    ("address", "code"),
    [
        (DIRECT, 250),
        (SIGNED, 250),
        ("08111111111@sms.klinik.example", 250),
        (SIGNED.replace("-1001-", "-1002-"), 550),
        ("sari@sms.klinik.example", 550),
        ("+628111111111@klinik.example", 550),
        ("postmaster@sms.klinik.example", 550),
    ],
)
async def test_only_numbers_and_addresses_that_we_signed_are_taken(
    tmp_path: Path, address: str, code: int
) -> None:
    async with intake(tmp_path) as (_, mails):
        assert (await mails.recipient(address)).code == code


async def test_strangers_send_no_texts(tmp_path: Path) -> None:
    async with intake(tmp_path) as (office, mails):
        content = letter(sender="mallory@evil.example")
        assert (await mails.message(content, "mallory@evil.example", DIRECT)).code == 550
        assert await office.texts() == []
        assert await office.letters() == []


async def test_with_a_servers_name_set_a_sender_must_be_proven_unless_the_address_is_signed(
    tmp_path: Path,
) -> None:
    text = site_text().replace("[sms.mail]", '[sms.mail]\nauthserv_id = "mx.klinik.example"')
    passed = "Authentication-Results: mx.klinik.example; dmarc=pass header.from=klinik.example\n"
    forged = passed.replace("mx.", "evil.")
    async with intake(tmp_path, text) as (office, mails):
        sender = "sari@klinik.example"
        assert (await mails.message(letter(number=1), sender, DIRECT)).code == 550
        assert (await mails.message(letter(number=2, more=forged), sender, DIRECT)).code == 550
        assert (await mails.message(letter(number=3, more=passed), sender, DIRECT)).code == 250
        assert (await mails.message(letter(number=4), sender, SIGNED)).code == 250
        assert len(await office.texts()) == 2


@pytest.mark.parametrize(
    "more",
    [
        "Auto-Submitted: auto-replied\n",
        "Precedence: bulk\n",
        "List-Id: <news.klinik.example>\n",
        "X-Autoreply: yes\n",
    ],
)
async def test_automatic_e_mails_become_no_texts_and_get_no_answer(
    tmp_path: Path, more: str
) -> None:
    async with intake(tmp_path) as (office, mails):
        answer = await mails.message(letter(more=more), "sari@klinik.example", DIRECT)
        assert answer.code == 250
        assert await office.texts() == []
        assert await office.letters() == []


@pytest.mark.parametrize(
    ("body", "sms", "reason"),
    [
        ("> hanya kutipan", "", "no-words"),
        ("panjang " * 200, "", "too-long"),
        ("Halo", "per_person = 0", "over-cap-person"),
    ],
)
async def test_what_is_not_sent_is_answered_by_e_mail(
    tmp_path: Path, body: str, sms: str, reason: str
) -> None:
    async with intake(tmp_path, site_text(sms=sms)) as (office, mails):
        answer = await mails.message(letter(body), "sari@klinik.example", DIRECT)
        assert answer.code == 250
        (entry,) = await office.letters()
        assert isinstance(entry.facts, NoticeFacts)
        assert entry.facts.fields["reason"] == reason
        assert entry.recipient == "sari@klinik.example"
        assert entry.facts.references[-1] == "<1@klinik.example>"


async def test_files_are_not_sent_and_that_is_told_once(tmp_path: Path) -> None:
    mail = letter(
        "--x\nContent-Type: text/plain\n\nHasilnya terlampir.\n"
        '--x\nContent-Type: application/pdf; name="hasil.pdf"\n\nPDF\n'
        "--x\nContent-Type: text/vcard; name=sari.vcf\n\nBEGIN:VCARD\n--x--\n"
    ).replace(b"text/plain; charset=utf-8", b"multipart/mixed; boundary=x")
    async with intake(tmp_path) as (office, mails):
        for _ in range(2):
            assert (await mails.message(mail, "sari@klinik.example", DIRECT)).code == 250
        assert [it.body for it in await office.texts()] == ["Hasilnya terlampir."]
        (notice,) = await office.letters()
        assert notice.recipient == "sari@klinik.example"
        facts = notice.facts
        assert isinstance(facts, NoticeFacts)
        assert (facts.about, facts.fields["attachments"]) == ("attachments-not-sent", 1)


async def test_who_may_not_text_is_told_so(tmp_path: Path) -> None:
    text = site_text().replace('name = "Sari"', 'name = "Sari"\nmay_text = false')
    async with intake(tmp_path, text) as (office, mails):
        await mails.message(letter(), "sari@klinik.example", DIRECT)
        (entry,) = await office.letters()
        assert isinstance(entry.facts, NoticeFacts)
        assert entry.facts.fields["reason"] == "not-allowed"


async def test_the_customers_next_text_is_threaded_behind_the_answer(tmp_path: Path) -> None:
    async with intake(tmp_path) as (office, mails):
        await office.text_in("Kapan?")
        (first,) = await office.letters()
        await mails.message(letter(to=SIGNED), "sari@klinik.example", SIGNED)
        await office.text_in("Terima kasih")
        second = (await office.letters())[-1]
        assert second.facts.references == (first.message_id, "<1@klinik.example>")  # type: ignore[union-attr]
        assert second.recipient == "sari@klinik.example"


async def test_a_text_that_is_quoted_without_any_mark_is_not_sent_back(tmp_path: Path) -> None:
    async with intake(tmp_path) as (office, mails):
        await office.text_in("Kapan saya bisa\nmengambil obat?")
        body = "Besok pagi, Bu.\n\nKapan saya bisa\nmengambil obat?\n\nDari: 0811"
        await mails.message(letter(body, to=SIGNED), "sari@klinik.example", SIGNED)
        texts = await office.until(lambda it: len(it) == 2)
        assert texts[1].body == "Besok pagi, Bu."


LONG = "Apakah hasil laboratorium saya sudah ada hari ini?"
THANKS = "Hasil sudah ada.\n\nTerima kasih\n\nBawa kartu dan uang Rp 150.000."


@pytest.mark.parametrize(
    ("words", "text", "own"),
    [
        (THANKS, "Terima kasih", THANKS),
        (f"Anda bertanya\n{LONG}\nSudah.", LONG, f"Anda bertanya\n{LONG}\nSudah."),
        (f"Sudah.\n\n{LONG}", LONG, "Sudah."),
        (f"Sudah.\n0811 menulis:\n{LONG}\nDari HP", LONG, "Sudah.\n0811 menulis:"),
        ("Sudah.\n \nKapan?\nSaya tunggu", "Kapan?\nSaya tunggu", "Sudah."),
        (f"{LONG}\nSudah.", LONG, f"{LONG}\nSudah."),
    ],
)
def test_an_answer_is_cut_only_where_a_text_stands_apart_and_is_no_common_phrase(
    words: str, text: str, own: str
) -> None:
    assert without_quoted(words, text) == own


async def test_an_e_mail_of_hundreds_of_parts_is_too_long(tmp_path: Path) -> None:
    async with intake(tmp_path) as (office, mails):
        for number, body in enumerate(("x" * 50_000, "\U0001f600" * 20_000)):
            content = letter(body, number=number)
            assert (await mails.message(content, "sari@klinik.example", DIRECT)).code == 250
        reasons = [
            it.facts.fields["reason"]
            for it in await office.letters()
            if isinstance(it.facts, NoticeFacts)
        ]
        assert reasons == ["too-long", "too-long"]
        assert await office.texts() == []


async def test_the_address_of_ones_answers_proves_nobody_else(tmp_path: Path) -> None:
    text = site_text().replace("[sms.mail]", '[sms.mail]\nauthserv_id = "mx.klinik.example"')
    async with intake(tmp_path, text) as (office, mails):
        forged = letter(sender="budi@klinik.example", to=SIGNED)
        assert (await mails.message(forged, "budi@klinik.example", SIGNED)).code == 550
        own = letter(to=SIGNED, number=2)
        assert (await mails.message(own, "sari@klinik.example", SIGNED)).code == 250
        assert len(await office.texts()) == 1


@pytest.mark.parametrize(
    ("to", "more", "results", "code"),
    [
        ("supplier@elsewhere.example", "", "dkim=pass header.d=klinik.example", 550),
        ("supplier@elsewhere.example", "", "dmarc=pass header.from=klinik.example", 550),
        ("supplier@elsewhere.example", f"To: {DIRECT}\n", "dkim=pass header.d=klinik.example", 550),
        ("supplier@elsewhere.example", f"Cc: {DIRECT}\n", "dkim=pass header.d=klinik.example", 550),
        ("+628122222222@sms.klinik.example", "", "dkim=pass header.d=klinik.example", 550),
        (f"Bu Ani <{DIRECT}>, x@y.example", "", "dkim=pass header.d=klinik.example", 250),
        (SIGNED.replace("-1001-", "-1002-"), "", "dkim=pass header.d=klinik.example", 550),
        ("x@y.example", "", "dmarc=pass; spf=pass smtp.mailfrom=sari@klinik.example", 250),
        ("x@y.example", "", "dmarc=pass; auth=pass smtp.auth=sari@klinik.example", 250),
    ],
)
async def test_a_signed_letter_to_somebody_else_cannot_be_brought_again_to_any_number(
    tmp_path: Path, *, to: str, more: str, results: str, code: int
) -> None:
    text = site_text().replace("[sms.mail]", '[sms.mail]\nauthserv_id = "mx.klinik.example"')
    content = letter(to=to, more=f"{more}Authentication-Results: mx.klinik.example; {results}\n")
    async with intake(tmp_path, text) as (office, mails):
        assert (await mails.message(content, "mallory@evil.example", DIRECT)).code == code
        assert len(await office.texts()) == (code == 250)


async def test_the_desk_has_a_cap_of_its_own(tmp_path: Path) -> None:
    async with intake(tmp_path, site_text(sms="per_person = 1")) as (office, mails):
        for number in range(2):
            content = letter(sender="desk@klinik.example", number=number)
            await mails.message(content, "desk@klinik.example", DIRECT)
        assert len(await office.texts()) == 1
        (entry,) = await office.letters()
        assert isinstance(entry.facts, NoticeFacts)
        assert entry.facts.fields["reason"] == "over-cap-person"
