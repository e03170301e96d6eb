"""Each PDU fault that libraries.md names for python-gsmmodem-new, and that ours does not have."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from sms.errors import BadPdu
from sms.gateway import Concat
from sms.joining import join
from sms.pdu.data_coding import Waiting
from sms.pdu.decode import decode_pdu, decode_submit
from sms.pdu.encode import encode_submit
from sms.pdu.values import Deliver, StatusReport
from sms.piece import Piece
from sms.splitting import segments
from tests.sms.second_opinion import write_deliver

NUMBER = "+491799999999"


def came_in(pdu: str) -> Deliver:
    text = decode_pdu(pdu)
    assert isinstance(text, Deliver)
    return text


def test_a_16_bit_concatenation_with_gsm_7_keeps_the_first_character_of_each_part() -> None:
    parts = [
        came_in(write_deliver(text, b"\x08\x04\x12\x34\x02" + bytes([number])))
        for number, text in enumerate(("Hello wor", "ld, hello"), 1)
    ]
    assert [part.body for part in parts] == ["Hello wor", "ld, hello"]
    assert [part.concat for part in parts] == [Concat(0x1234, 2, 1), Concat(0x1234, 2, 2)]


@pytest.mark.parametrize("length", range(1, 26))
def test_a_trailing_at_sign_survives_at_any_septet_boundary(length: int) -> None:
    body = "a" * (length - 1) + "@"
    submit = encode_submit(NUMBER, Piece(body, "gsm7"), report=False)
    assert decode_submit(submit.pdu).body == body
    assert came_in(write_deliver(body)).body == body
    assert came_in(write_deliver(body, bytes.fromhex("0003070201"))).body == body


def test_emoji_are_sent() -> None:
    (piece,) = segments("OK 😀", 0)
    submit = encode_submit(NUMBER, piece, report=False)
    assert submit.pdu.endswith("0A004F004B0020D83DDE00")
    assert decode_submit(submit.pdu).body == "OK 😀"


def test_emoji_arrive_as_characters_that_can_be_encoded() -> None:
    pdu = (
        "07919471222207F0040C91947110325476000862105121035404140047007200FC00DF006500204E2D0020"
        "D83DDE00"
    )
    assert came_in(pdu).body == "Grüße 中 😀"
    half = pdu.replace("14004700", "12004700")[:-4]
    assert came_in(half).body == "Grüße 中 \ufffd"
    assert (came_in(half).body or "").encode()


def test_a_zero_time_stamp_is_no_time_and_no_error() -> None:
    pdu = "07919471222207F0040C9194711032547600000000000000000005E230993E07"
    assert (came_in(pdu).body, came_in(pdu).sent_at) == ("badts", None)


@pytest.mark.parametrize("octets", range(32))
def test_a_truncated_pdu_is_an_error_of_ours_or_a_text_that_says_so(octets: int) -> None:
    pdu = "07919471222207F0040C9194711032547600006210512103540408C834888E2ECBCB"
    assert len(pdu) // 2 == 34
    if octets < 27:
        with pytest.raises(BadPdu, match="ends inside"):
            decode_pdu(pdu[: 2 * octets])
        return
    text = came_in(pdu[: 2 * octets])
    assert text.trouble
    assert "cut off" in text.trouble
    whole = came_in(pdu).body or ""
    assert whole.startswith(text.body or "")


@pytest.mark.parametrize(
    "number", ["0170 999-9999", "+62 812", "TELKOMSEL", "", "+", "٠١٢٣", "1\n"]
)
def test_a_number_with_blanks_is_refused_and_never_sent_as_a_name(number: str) -> None:
    with pytest.raises(ValueError, match="is no telephone number"):
        encode_submit(number, Piece("x", "gsm7"), report=False)


def test_long_texts_are_joined() -> None:
    body = "Selamat pagi. " * 30
    pieces = segments(body, 9)
    came = [decode_submit(encode_submit(NUMBER, it, report=False).pdu) for it in pieces]
    assert join({it.concat.number: it.body for it in reversed(came) if it.concat}, 3) == body
    assert join({1: came[0].body, 3: came[2].body}, 3).count("[…]") == 1


def test_a_status_report_is_asked_for_only_when_wanted() -> None:
    for wanted in (True, False):
        submit = encode_submit(NUMBER, Piece("x", "gsm7"), report=wanted)
        assert decode_submit(submit.pdu).report is wanted


def test_a_status_report_is_read() -> None:
    report = decode_pdu("0006040D91945152991136F00160124130340A0160124130940A00")
    assert report == StatusReport(
        reference=4,
        number="+4915259911630",
        state="delivered",
        words="received (TP-ST 0x00)",
        status=0,
        sent_at=datetime(2010, 6, 21, 19, 3, 43, tzinfo=UTC),
        discharged_at=datetime(2010, 6, 21, 19, 3, 49, tzinfo=UTC),
    )


def test_the_extension_table_is_read_and_written() -> None:
    body = "{[~]}\\|^€ \f"
    submit = encode_submit(NUMBER, Piece(body, "gsm7"), report=False)
    assert decode_submit(submit.pdu).body == body
    assert came_in(write_deliver(body)).body == body


def test_an_alphanumeric_sender_is_its_name() -> None:
    pdu = "0791447758100650040DD0F334FC1CA6970100008080312170224008D4F29CDE0EA7D9"
    text = came_in(pdu)
    assert (text.sender, text.body) == ("sipgate", "Testmail")
    # The same, its length rounded up to whole octets, as some SMSCs have it.
    assert came_in(pdu.replace("040DD0", "040ED0")).sender == "sipgate"


def test_what_waits_for_the_subscriber_is_told() -> None:
    text = came_in("07913366002020F8040B913366600600F100C83180706174148000")
    assert text.waiting == (Waiting("voicemail", active=True, discard=True),)
    assert text.body == ""
    counted = came_in(write_deliver("3 pesan suara", b"\x01\x02\x80\x03\x01\x02\x01\x00"))
    assert counted.waiting == (
        Waiting("voicemail", active=True, discard=False, count=3),
        Waiting("fax", active=False, discard=True, count=0),
    )
    assert counted.body == "3 pesan suara"


@pytest.mark.parametrize("coding", [0x10, 0xF0, 0x50])
def test_a_flash_text_is_known_by_its_class(coding: int) -> None:
    text = came_in(write_deliver("Sisa pulsa Anda 500", coding=coding))
    assert (text.flash, text.message_class, text.body) == (True, 0, "Sisa pulsa Anda 500")


def test_a_flash_text_can_be_sent() -> None:
    for body, coding in (("a", 0x10), ("ж", 0x18)):
        (piece,) = segments(body, 0)
        sent = decode_submit(encode_submit(NUMBER, piece, report=False, flash=True).pdu)
        assert (sent.message_class, sent.data_coding, sent.body) == (0, coding, body)
