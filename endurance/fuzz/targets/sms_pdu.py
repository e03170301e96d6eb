"""Texts: any PDU is read or refused, and any text comes out as it went in (sms/pdu, splitting)."""

# ruff: noqa: PT017 - what a refusal says is checked as well

from __future__ import annotations

from endurance.fuzz.draw import Draw, as_text
from endurance.fuzz.target import Target
from sms.alphabet import whole
from sms.errors import BadPdu
from sms.gateway import Concat
from sms.joining import join
from sms.pdu.decode import decode_pdu, decode_submit
from sms.pdu.encode import encode_submit
from sms.pdu.values import Deliver, StatusReport, Submitted
from sms.splitting import segments


def check_pdu(data: bytes) -> None:
    """Any octets are a text, a report or BadPdu, and what is read fits the ledger and a letter."""
    for pdu in (data.hex(), data.decode("latin-1")):
        for decode in (decode_pdu, decode_submit):
            try:
                found = decode(pdu)
            except BadPdu as error:
                assert str(error)
                continue
            if isinstance(found, StatusReport):
                assert found.state in {"delivered", "failed", "buffered"}
                assert found.words
                found.number.encode()
            else:
                _check_text(found)


def _check_text(text: Deliver | Submitted) -> None:
    assert text.body is not None or text.trouble
    (text.body or "").encode()
    assert len(text.body or "") <= 255
    if isinstance(text, Deliver):
        text.sender.encode()
        assert len(text.sender) <= 256
        assert text.sent_at is None or text.sent_at.timestamp() > 0
    _check_concat(text.concat)


def _check_concat(concat: Concat | None) -> None:
    if concat:
        assert 0 <= concat.reference <= 0xFFFF
        assert 1 <= concat.number <= concat.total <= 255


def check_text(data: bytes) -> None:
    """Any text, split, written, read in any order and joined, is that text."""
    draw = Draw(data)
    reference = draw.number(256)
    backwards = bool(draw.number(2))
    body = as_text(draw.rest()) * (1 + draw.number(4))
    expected = whole(body.replace("\r\n", "\n"))
    pieces = segments(body, reference)
    sent = [
        decode_submit(encode_submit("+628123456789", piece, report=True).pdu)
        for piece in (reversed(pieces) if backwards else pieces)
    ]
    assert not any(it.trouble for it in sent)
    if len(sent) == 1:
        assert sent[0].body == expected
        return
    bodies = {it.concat.number: it.body for it in sent if it.concat}
    assert join(bodies, len(pieces)) == expected


TARGETS = (
    Target(
        "sms-pdu",
        check_pdu,
        200,
        (
            bytes.fromhex("07919471222207F0"),
            bytes.fromhex("040C919471103254760000"),
            bytes.fromhex("440C919471103254760008"),
            bytes.fromhex("62105121035404"),
            bytes.fromhex("060C919471103254766210512103540462105121035404"),
            bytes.fromhex("0500034202"),
            bytes.fromhex("0608041234"),
            bytes.fromhex("0B05040B8423F0"),
            bytes.fromhex("03240101"),
            bytes.fromhex("03250103"),
            bytes.fromhex("04010280"),
            bytes.fromhex("D83DDE00"),
            bytes.fromhex("0DD0"),
            b"\x1b",
        ),
    ),
    Target(
        "sms-text",
        check_text,
        1024,
        (*(sign.encode() for sign in ("€", "@", "😀", "👨\u200d👩", "🇮🇩", "ж", "\r\n")), b"\xed"),
    ),
)
