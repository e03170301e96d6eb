"""E-mails that come in: read whatever they are, and nothing of others' words gets out."""

from __future__ import annotations

import asyncio

from endurance.fuzz.draw import Draw, pieces
from endurance.fuzz.target import Target
from mail.intake.handler import Answer
from mail.intake.mime import leaves, read_part
from mail.intake.own_words import own_words
from mail.intake.proof import proven, read_results
from mail.intake.reading import read_now
from mail.intake.tokens import ReplyAddresses, read_number_address
from mail.intake.wire import CrlfReader
from mail.marker import REPLY_MARKER

_SENDER = "sari@klinik.example"
_SECRET = "Zebra-4711"
_ADDRESSES = ReplyAddresses(bytes(32), "sms.klinik.example")


def check_mail(data: bytes) -> None:
    """Any bytes are an e-mail; what is said of it fits a line, the ledger and a text."""
    mail = read_now(data, _SENDER)
    assert mail == read_now(data, _SENDER)
    assert len(list(leaves(read_part(data)))) <= 300
    assert bool(mail.sender) == (mail.problem is None)
    for line in (mail.subject, mail.sender, mail.sender_name):
        assert line.isprintable() or any(it in line for it in "\u200c\u200d")
        assert len(line) <= 320
    assert mail.message_id.startswith("<")
    assert mail.message_id.endswith(">")
    assert len(mail.message_id) <= 252
    assert mail.words == mail.words.strip()
    assert len(mail.words) <= 70_000
    assert 0 <= mail.attachments <= 300
    mail.words.encode()  # no half characters
    proven(mail.fields, mail.sender, "mail.klinik.example")


def check_reply(data: bytes) -> None:
    """What stands in a quote, or below our own line, is never among the sender's words."""
    draw = Draw(data)
    how = draw.number(3)
    above, below = draw.text(120), draw.rest().decode("utf-8", "replace")
    if _SECRET in above + below:
        return
    if how == 0:
        text = f"{above}\n> {_SECRET}\n{below}"
    elif how == 1:
        text = f"{above}\n{REPLY_MARKER}\n{below}\n{_SECRET}\n"
    else:
        text = f"{above}\n>> {_SECRET}\r\n> {_SECRET}\n\n{below}"
    assert _SECRET not in own_words(text)


def check_wire(data: bytes) -> None:
    """The same messages come however the bytes are cut."""
    draw = Draw(data)
    sizes = draw.some(4)
    stream = draw.rest()
    whole = asyncio.run(_conversation([stream]))
    assert asyncio.run(_conversation(pieces(stream, sizes))) == whole
    assert len(whole) <= stream.count(b".\r\n")


def check_addresses(data: bytes) -> None:
    """No address that we did not make is one of ours; no header is too odd to be read."""
    text = data.decode("utf-8", "replace")
    assert _ADDRESSES.read(text) is None
    assert _ADDRESSES.read(f"{text}@sms.klinik.example") is None
    number = read_number_address(f"{text}@sms.klinik.example", "ID")
    assert number is None or number.startswith("+")
    read_results(text)
    reply = Answer(550, text).reply()
    assert reply.isascii()
    assert reply.isprintable()
    assert len(reply) <= 420


async def _conversation(chunks: list[bytes]) -> list[bytes | None]:
    """Messages, one after the other, as far as there are any."""
    stream = asyncio.StreamReader()
    for chunk in chunks:
        if chunk:
            stream.feed_data(chunk)
    stream.feed_eof()
    reader = CrlfReader(stream, 60.0, lambda: False)
    found: list[bytes | None] = []
    try:
        while True:
            found.append(await reader.content(lambda _: True))
    except ConnectionResetError:
        return found


_WORDS = (
    *(b"From: a@b.example\n", b"Content-Type: multipart/mixed; boundary=b\n", b"\n\n", b"\n--b\n"),
    *(b"Content-Type: text/html\n", b"; charset=iso-2022-jp", b"; format=flowed; delsp=yes"),
    *(b"Content-Transfer-Encoding: base64\n", b"quoted-printable", b"=?utf-8?q?=41?=", b"--b--"),
    *(b"<blockquote>", b"<div class=gmail_quote>", b"</div>", b"<!--", b"<![if x]>", b"&nbsp;"),
    *(b"On 2026 x wrote:\n", b"> ", b"-- \n", b"From: a@b\nTo: c\nSubject: d\n", b"message/rfc822"),
    *(b"Authentication-Results: mail.klinik.example; dkim=pass header.d=b.example\n", b"____"),
)

TARGETS = (
    Target("mail-intake", check_mail, 2048, _WORDS),
    Target("mail-intake-reply", check_reply, 512, (*_WORDS, REPLY_MARKER.encode()), 200),
    Target("mail-intake-wire", check_wire, 512, (b"\r\n.\r\n", b"\r\n..", b"\r\n", b"\n.\n"), 200),
    Target(
        "mail-intake-address",
        check_addresses,
        256,
        (b"628123456789-1001-", b"@sms.klinik.example", b"; dkim=pass header.d=", b"(", b'"'),
        200,
    ),
)
