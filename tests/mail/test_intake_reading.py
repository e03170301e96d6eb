"""E-mails that come in: who they are from, and that none of them makes reading fail."""

from __future__ import annotations

import time
from email.message import EmailMessage

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mail.intake.mime import leaves, read_part
from mail.intake.own_words import own_words
from mail.intake.reading import IncomingMail, read_mail, read_now

SARI = "sari@klinik.example"


def read(head: str | bytes, body: bytes = b"Halo\r\n") -> IncomingMail:
    raw = head if isinstance(head, bytes) else head.encode()
    return read_now(raw.replace(b"\n", b"\r\n") + b"\r\n\r\n" + body, SARI)


@pytest.mark.parametrize(
    ("value", "address", "name"),
    [
        ("sari@Klinik.Example", SARI, ""),
        ("Sari Dewi <sari@klinik.example>", SARI, "Sari Dewi"),
        ('"budi@klinik.example" <sari@klinik.example>', SARI, "budi@klinik.example"),
        ("=?utf-8?q?S=C3=A4ri=0D=0ABcc=3A_x?= <sari@klinik.example>", SARI, "Säri Bcc: x"),
        ("=?utf-8?b?broken!?= <sari@klinik.example>", SARI, None),
        ("=?x-none?q?Sari?= <sari@klinik.example>", SARI, "Sari"),
        ("sari@klinik.example (Sari (the one))", SARI, "Sari the one"),
    ],
)
def test_from_names_one_person(value: str, address: str, name: str | None) -> None:
    mail = read(f"From: {value}")
    assert (mail.sender, mail.problem) == (address, None)
    assert name is None or mail.sender_name == name
    assert mail.sender_name.isprintable()


@pytest.mark.parametrize(
    "head",
    [
        "Subject: x",
        "From: ",
        "From: sari@klinik.example\nFrom: evil@elsewhere.example",
        "From: sari@klinik.example, evil@elsewhere.example",
        "From: sari@klinik.example <evil@elsewhere.example>",
        "From: <sari@klinik.example> <evil@elsewhere.example>",
        "From: sari@klinik.example)evil@elsewhere.example",
        "From: people:sari@klinik.example;",
        "From: sari",
        'From: "a\\"b"@klinik.example',
        "From: <@elsewhere.example:sari@klinik.example>",
        "From: sari@klinik.example\0",
        "From: sári@klinik.example",
        "From: " + "(" * 900 + "sari@klinik.example",
        "From: " + "x" * 2000 + " <sari@klinik.example>",
    ],
)
def test_from_that_names_none_or_several_is_a_problem(head: str) -> None:
    mail = read(head)
    assert mail.sender == ""
    assert mail.problem


def test_a_message_id_is_made_up_where_there_is_none_and_stays_the_same() -> None:
    mail = read("From: a@b.example\nReceived: by x; today")
    again = read("Received: by y; tomorrow\nFrom: a@b.example")
    other = read("From: a@b.example", b"Another\r\n")
    assert mail.message_id == again.message_id != other.message_id
    assert mail.message_id.startswith("<")
    assert read("From: a@b.example\nMessage-ID: \n <x@y>").message_id == "<x@y>"
    assert read("Message-ID: <x y>").message_id != read("Message-ID: <x z>").message_id


@pytest.mark.parametrize(
    "value",
    ["", "yesterday", "Mon, 99 Nov 2026 09:00:00", "1" * 500, "Mon, 23 Nov 2026 09 +9999999"],
)
def test_a_date_that_is_none_is_none(value: str) -> None:
    assert read(f"Date: {value}").date is None


def test_folded_and_broken_headers_are_read() -> None:
    mail = read(b"From: a@b.example\n: x\nno colon\nSubject: =?utf-8?q?a?=\n =?utf-8?q?b?= \xff\nX")
    assert mail.subject == "ab \N{REPLACEMENT CHARACTER}"
    assert mail.sender == "a@b.example"
    assert read_now(b"", "").words == ""
    assert read_now(b"\r\n\r\nHalo", SARI).words == "Halo"


def test_levels_beyond_all_reason_are_read_as_far_as_they_are_reasonable() -> None:
    """The standard library's parser raises RecursionError at some hundred of them."""
    nested = b"".join(
        b'Content-Type: multipart/mixed; boundary="b%d"\r\n\r\n--b%d\r\n' % (it, it)
        for it in range(5000)
    )
    assert read_now(b"From: a@b.example\r\n" + nested + b"\r\nHalo", SARI).words == ""
    many = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + b"--b\r\n\r\nx\r\n" * 50_000
    assert len(list(leaves(read_part(many)))) <= 101


def test_the_text_that_is_looked_at_is_bounded() -> None:
    page = b"From: a@b.example\r\n\r\n" + b"word " * 1_000_000
    assert len(read_now(page, SARI).words) <= 64 * 1024


async def test_a_large_one_is_read_in_a_thread() -> None:
    mail = await read_mail(b"From: a@b.example\r\n\r\nHalo\r\n" + b"> x\r\n" * 20_000, SARI)
    assert mail.words == "Halo"


def test_any_letter_of_the_standard_library_is_read_as_it_was_written() -> None:
    letter = EmailMessage()
    letter["From"] = "Säri <sari@klinik.example>"
    letter["Subject"] = "Jadwal – besok " * 10
    letter.set_content("Besok jam 9 – ya? " * 20 + "\n")
    letter.add_alternative("<p>no</p>", subtype="html")
    letter.add_attachment(b"%PDF", maintype="application", subtype="pdf", filename="häsil.pdf")
    mail = read_now(letter.as_bytes(), SARI)
    assert mail.words == ("Besok jam 9 – ya? " * 20).strip()
    assert mail.subject == ("Jadwal – besok " * 10).strip()
    assert (mail.sender, mail.sender_name, mail.attachments) == (SARI, "Säri", 1)


_WORD = st.sampled_from(
    [
        *(
            b"\r\n",
            b"\r\n\r\n",
            b"--b\r\n",
            b"--b--\r\n",
            b"--c\r\n",
            b"> ",
            b"\n",
            b"<",
            b">",
            b"&",
        ),
        b"Content-Type: multipart/mixed; boundary=b\r\n",
        b'Content-Type: multipart/alternative; boundary="c"\r\n',
        *(b"Content-Type: text/html; charset=", b"Content-Type: text/plain; charset=utf-16\r\n"),
        *(
            b"Content-Transfer-Encoding: base64\r\n",
            b"Content-Transfer-Encoding: quoted-printable\r\n",
        ),
        *(b"Content-Type: message/rfc822\r\n", b"format=flowed; delsp=yes", b"name*0*=utf-8''%ff"),
        *(b"From: ", b"Subject: =?utf-8?q?", b"=?iso-2022-jp?b?", b"?=", b"Date: ", b"a@b.example"),
        *(
            b"<blockquote>",
            b"</blockquote>",
            b"<div class=gmail_quote>",
            b"<!--",
            b"<![if",
            b"<script>",
        ),
        *(
            b"On 2026 x wrote:\r\n",
            b"From: a@b\r\nSent: x\r\nSubject: y\r\n",
            b"-- \r\n",
            b"\xff\xfe",
        ),
    ]
)


@settings(max_examples=400, deadline=None)
@given(st.lists(_WORD | st.binary(max_size=8), max_size=60).map(b"".join))
def test_mime_from_hell_is_read(content: bytes) -> None:
    before = time.monotonic()
    mail = read_now(content, SARI)
    assert time.monotonic() - before < 30  # a hang, not a measure
    assert mail.subject.isprintable()
    assert mail.words == mail.words.strip()
    assert mail.message_id.startswith("<")
    assert bool(mail.sender) == (mail.problem is None)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(["kata", "> kutip", "", "Ya.", "x" * 90]) | st.text(max_size=30)))
def test_no_quoted_line_is_ever_among_the_own_words(lines: list[str]) -> None:
    words = own_words("\n".join(lines))
    assert "> kutip" not in words
    assert words == words.strip()


@pytest.mark.parametrize(
    "unit", ["<", "<!--", "<a ", "<script>", "&", "<div>", "On a 2020\n", "From: \n"]
)
def test_what_is_made_to_be_slow_is_not(unit: str) -> None:
    """html.parser looks for the end of each that has none, up to the page's end."""
    head = b"From: a@b.example\r\nContent-Type: text/html\r\n\r\n"
    before = time.monotonic()
    read_now(head + (unit * (2_000_000 // len(unit))).encode(), SARI)
    assert time.monotonic() - before < 30  # against minutes, not a measure
