"""PDUs that go out."""

from __future__ import annotations

import pytest

from sms.errors import BadPdu
from sms.gateway import Concat
from sms.pdu.decode import decode_submit
from sms.pdu.encode import encode_submit
from sms.pdu.values import Submit, Submitted
from sms.piece import Piece
from sms.splitting import segments

SMALLEST = Piece("hellohello", "gsm7")


def test_a_text_is_written_octet_by_octet() -> None:
    assert encode_submit("+46708251358", SMALLEST, report=False) == Submit(
        "0011000B916407281553F80000A70AE8329BFD4697D9EC37", 23
    )


def test_a_report_and_a_reference_are_asked_for() -> None:
    submit = encode_submit("+46708251358", SMALLEST, reference=8, report=True)
    assert submit.pdu.startswith("0031080B91")


def test_a_short_number_is_no_international_one() -> None:
    assert encode_submit("3636", SMALLEST, report=False).pdu.startswith("0011000481636300")


def test_a_part_begins_at_a_septet_after_its_header() -> None:
    """As python-gsmmodem wrote it, whose own faults lie elsewhere; but with a day's validity."""
    first, second = segments("A" * 200, 2)
    submit = encode_submit("+491799999999", first, reference=3, report=True)
    assert submit.length == 154
    assert submit.pdu == (
        "0071030C919471999999990000A7A005000302020182" + "C16030180C0683" * 18 + "C16030180C0683"
    )
    submit = encode_submit("+491799999999", second, reference=3, report=True)
    assert submit.pdu == (
        "0071030C919471999999990000A73605000302020282" + "C16030180C0683" * 5 + "C16030180C02"
    )


def test_what_was_written_is_read() -> None:
    piece = segments("жёлтый " * 30, 0xA7)[1]
    submit = encode_submit("+628123456789", piece, reference=255, report=True)
    assert decode_submit(submit.pdu) == Submitted(
        number="+628123456789",
        reference=255,
        report=True,
        validity=167,
        body=piece.text,
        trouble=None,
        concat=Concat(0xA7, 4, 2),
        message_class=None,
        data_coding=8,
    )


@pytest.mark.parametrize(
    ("pdu", "number", "validity", "body"),
    [
        ("0021000C9194719999999900000BC8329BFD065DDF723619", "+491799999999", None, "Hello World"),
        (
            "0021020C919471909999990008180047007200FC00DF0065002000610075007300204E2D56FD",
            "+491709999999",
            None,
            "Grüße aus 中国",
        ),
        ("0011000B916407281553F80000AA0AE8329BFD4697D9EC37", "+46708251358", 0xAA, "hellohello"),
        (
            "079153485002020911000C915348870420140000A71154747A0E4ACF41F4F29C9E769F4121",
            "+358478400241",
            167,
            "This is testing !",
        ),
        (
            "0041000B915121551532F40000631A0A031906200A032104100A032705040A032E05080A043807002B8A"
            "CD29A85D9ECFC3E7F21C340EBB41E3B79B1E4EBB41697A989D1EB340E2379BCC02B1C3F27399059AB7C3"
            "6C3628EC2683C66FF65B5E2683E8653C1D",
            "+15125551234",
            None,
            "EMS messages can contain italic, bold, large, small and colored text",
        ),
        ("0019000281210000" + "62112290304382" + "0161", "12", None, "a"),
        ("0009000281210000" + "01020304050607" + "0161", "12", None, "a"),
    ],
)
def test_what_others_wrote_is_read(pdu: str, number: str, validity: int | None, body: str) -> None:
    sent = decode_submit(pdu)
    assert (sent.number, sent.validity, sent.body, sent.trouble) == (number, validity, body, None)


def test_a_text_that_came_in_is_none_to_send() -> None:
    with pytest.raises(BadPdu, match="no text to send: its first octet is 0x04"):
        decode_submit("0004")


@pytest.mark.parametrize(
    ("piece", "words"),
    [
        (Piece("a" * 161, "gsm7"), "141 octets, and 140 fit"),
        (Piece("ж" * 71, "ucs2"), "142 octets, and 140 fit"),
        (Piece("a" * 154, "gsm7", bytes.fromhex("050003010201")), "141 octets"),
        (Piece("ж", "gsm7"), "not in the GSM alphabet"),
    ],
)
def test_a_piece_that_does_not_fit_is_refused(piece: Piece, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        encode_submit("+628123456789", piece, report=False)


def test_a_reference_is_an_octet() -> None:
    with pytest.raises(ValueError, match="range"):
        encode_submit("+628123456789", SMALLEST, reference=256, report=False)
