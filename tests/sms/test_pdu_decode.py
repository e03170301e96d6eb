"""PDUs that come in, as modems have given them and as the standards allow them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sms.alphabet import DEFAULT, EXTENSION
from sms.errors import BadPdu
from sms.gateway import Concat
from sms.pdu.data_coding import DataCoding, Waiting, read_data_coding
from sms.pdu.decode import decode_pdu, decode_submit
from sms.pdu.languages import ALPHABETS, EXTENSIONS
from sms.pdu.status import read_status
from sms.pdu.timestamp import read_timestamp
from sms.pdu.user_data_header import Ports, UserDataHeader, read_header
from sms.pdu.values import Deliver, StatusReport
from tests.sms.second_opinion import write_deliver

TEXT = "07917283010010F5040BC87238880900F10000993092516195800AE8329BFD4697D9EC37"
CAPTURED_PART = (
    "07919471222207F0440C9194711032547600006210512103540421050003420201E061393D06C2E3F1783C1E8F"
    "C7E3F1783C1E8FC7E3F178"
)


def came_in(pdu: str) -> Deliver:
    text = decode_pdu(pdu)
    assert isinstance(text, Deliver)
    return text


def report(pdu: str) -> StatusReport:
    found = decode_pdu(pdu)
    assert isinstance(found, StatusReport)
    return found


def test_all_of_a_text_is_read() -> None:
    assert came_in(TEXT) == Deliver(
        sender="27838890001",
        sent_at=datetime(1999, 3, 29, 15, 16, 59, tzinfo=timezone(timedelta(hours=2))),
        body="hellohello",
        trouble=None,
        concat=None,
        message_class=None,
        waiting=(),
        ports=None,
        data_coding=0,
        protocol=0,
        service_centre="+27381000015",
    )


def test_a_captured_part_is_read() -> None:
    part = came_in(CAPTURED_PART)
    assert part.sender == "+491701234567"
    assert part.concat == Concat(reference=0x42, total=2, number=1)
    assert part.body == "part1 " + "x" * 20
    assert part.sent_at == datetime(2026, 1, 15, 12, 30, 45, tzinfo=timezone(timedelta(hours=10)))


@pytest.mark.parametrize("text", [TEXT.lower(), f" {TEXT}\r\n"])
def test_hex_may_be_small_and_have_blanks_around_it(text: str) -> None:
    assert came_in(text).body == "hellohello"


@pytest.mark.parametrize(
    ("sender", "name"),
    [
        ("0C91261832547698", "+628123456789"),
        ("0B912618325476F8", "+62812345678"),
        ("0BA18021436587F9", "08123456789"),
        ("048133F3", "333"),
        ("05811A2BFC", "*1#2a"),
        ("0081", ""),
        ("0091", ""),
        ("10D0D42273F96C4E8B4C", "TELKOMSEL"),
        ("0ED0F334FC1CA69701", "sipgate"),
    ],
)
def test_senders_are_numbers_digits_or_names(sender: str, name: str) -> None:
    assert came_in(write_deliver("x", sender=sender)).sender == name


@pytest.mark.parametrize(
    ("stamp", "time"),
    [
        ("62112290304382", datetime(2026, 11, 22, 2, 3, 34, tzinfo=UTC)),
        ("20806291731448", datetime(2002, 8, 26, 20, 37, 41, tzinfo=UTC)),
        ("70402132522423", datetime(2007, 4, 12, 15, 25, 42, tzinfo=UTC)),
        ("7040213252242B", datetime(2007, 4, 13, 7, 25, 42, tzinfo=UTC)),
        ("51117200000080", datetime(2015, 11, 26, 22, 0, tzinfo=UTC)),
        ("62112290304300", datetime(2026, 11, 22, 9, 3, 34, tzinfo=UTC)),
        ("00000000000000", None),
        ("62312290304300", None),
        ("62112290304397", None),
        ("FFFFFFFFFFFFFF", None),
        ("6211229030430F", None),
    ],
)
def test_time_stamps_have_a_zone_or_are_none(stamp: str, time: datetime | None) -> None:
    assert came_in(write_deliver("x", stamp=stamp)).sent_at == time


@given(st.binary(min_size=7, max_size=7))
def test_any_time_stamp_is_a_time_or_none(octets: bytes) -> None:
    time = read_timestamp(octets)
    assert time is None or time.timestamp() > 0


@pytest.mark.parametrize(
    ("code", "coding"),
    [
        (0x00, DataCoding("gsm7")),
        (0x04, DataCoding("octets")),
        (0x08, DataCoding("ucs2")),
        (0x0C, DataCoding("gsm7")),
        (0x11, DataCoding("gsm7", message_class=1)),
        (0x18, DataCoding("ucs2", message_class=0)),
        (0x20, DataCoding("gsm7", compressed=True)),
        (0x48, DataCoding("ucs2")),
        (0x8C, DataCoding("gsm7")),
        (0xB4, DataCoding("gsm7")),
        (0xC0, DataCoding("gsm7", waiting=Waiting("voicemail", active=False, discard=True))),
        (0xD9, DataCoding("gsm7", waiting=Waiting("fax", active=True, discard=False))),
        (0xEA, DataCoding("ucs2", waiting=Waiting("e-mail", active=True, discard=False))),
        (0xF2, DataCoding("gsm7", message_class=2)),
        (0xF5, DataCoding("octets", message_class=1)),
    ],
)
def test_the_coding_says_alphabet_class_and_what_waits(code: int, coding: DataCoding) -> None:
    assert read_data_coding(code) == coding


@pytest.mark.parametrize(
    ("header", "read"),
    [
        ("0003A70302", UserDataHeader(Concat(0xA7, 3, 2))),
        ("080412340302", UserDataHeader(Concat(0x1234, 3, 2))),
        ("0003A703020804123405 04", UserDataHeader(Concat(0x1234, 5, 4))),
        ("0003A70300", UserDataHeader()),
        ("0003A70304", UserDataHeader()),
        ("0003A70000", UserDataHeader()),
        ("0003A703020003A70304", UserDataHeader(Concat(0xA7, 3, 2))),
        ("0002A703", UserDataHeader()),
        ("0003A703", UserDataHeader()),  # too long for the header
        ("0003A7030200", UserDataHeader()),  # something left: the standard ignores it all
        ("05040B8423F0", UserDataHeader(ports=Ports(2948, 9200))),
        ("0402E2E3", UserDataHeader(ports=Ports(0xE2, 0xE3))),
        ("240101250103", UserDataHeader(single=1, locking=3)),
        ("70020102", UserDataHeader()),
        ("", UserDataHeader()),
    ],
)
def test_a_header_is_read_as_far_as_it_makes_sense(header: str, read: UserDataHeader) -> None:
    assert read_header(bytes.fromhex(header)) == read


@pytest.mark.parametrize("header", ["0A03190620", "0A03190620" * 5, "700401020304", "7000"])
def test_a_text_stands_after_a_header_of_any_length(header: str) -> None:
    for body in ("EMS messages", "жёлтый"):
        assert came_in(write_deliver(body, bytes.fromhex(header))).body == body


def test_a_header_as_long_as_the_text_leaves_none() -> None:
    assert came_in(write_deliver("", bytes.fromhex("0003A70302"))).body == ""


def test_a_header_longer_than_the_text_is_an_error() -> None:
    pdu = write_deliver("a", bytes.fromhex("0003A70302"), length=4)
    with pytest.raises(BadPdu, match="4 octets, and a header of 6"):
        decode_pdu(pdu)
    with pytest.raises(BadPdu, match="0 octets, and a header of 1"):
        decode_pdu(write_deliver("a", bytes.fromhex("0003A70302"), length=0))


def test_what_is_cut_off_is_read_as_far_as_it_came() -> None:
    text = came_in(write_deliver("Besok jam 5", length=160))
    assert text.body == "Besok jam 5"
    assert text.trouble == "it is cut off: 10 of 140 octets came"
    text = came_in(write_deliver("жёлтый", length=13))
    assert (text.body, text.trouble) == (
        "жёлтый",
        "it is cut off: 12 of 13 octets came",
    )


def test_what_comes_after_the_text_is_left_out() -> None:
    assert came_in(write_deliver("Besok") + "FFFFFF").body == "Besok"
    assert came_in(write_deliver("жёлтый", length=11)).body == "жёлты"
    assert came_in(write_deliver("жёлтый", length=11)).trouble == "it ends in half a character"


@pytest.mark.parametrize(
    ("coding", "header", "trouble"),
    [
        (0x04, "", "it is no text but 4 octets of data"),
        (0xF5, "05040B8423F0", "it is no text but 4 octets of data for port 2948"),
        (0x28, "", "it is compressed, which nobody can read"),
    ],
)
def test_what_is_no_text_says_why(coding: int, header: str, trouble: str) -> None:
    text = came_in(write_deliver("жё", bytes.fromhex(header), coding=coding))
    assert (text.body, text.trouble) == (None, trouble)


def test_a_text_for_a_program_that_people_can_read_is_read() -> None:
    text = came_in(write_deliver("//VVM:STATUS", bytes.fromhex("05041570 0000")))
    assert (text.body, text.ports) == ("//VVM:STATUS", Ports(5488, 0))


@pytest.mark.parametrize(
    ("header", "codes", "body"),
    [
        ("240101", "\\}~", "\\}~"),
        ("250101", "¡ØøÆæ¿ì", "İĞğŞşçı"),
        ("250103", "¡ØøÆæ¿Ψ", "ÍÔôÂâ~\\"),
        ("250109", "¡Øø", "¡Øø"),
    ],
)
def test_national_alphabets_are_read(header: str, codes: str, body: str) -> None:
    text = came_in(write_deliver(codes, bytes.fromhex(header)))
    assert text.body == body
    assert (text.trouble is None) == (header != "250109")


@pytest.mark.parametrize("language", sorted(ALPHABETS))
def test_a_national_alphabet_differs_only_where_the_standard_says(language: int) -> None:
    alphabet, extension = ALPHABETS[language], EXTENSIONS[language]
    assert len(alphabet) == len(set(alphabet)) == 128
    assert alphabet[0x1B] == "\x1b"
    for code, sign in enumerate(alphabet):
        if sign.isascii() and (sign.isalnum() or sign in " @.,+-*/()'\n\r"):
            assert DEFAULT[code] == sign
    assert EXTENSION.items() <= extension.items()


@pytest.mark.parametrize(
    ("language", "said"),
    [(0, "AIOUaiou\x09"), (1, "AİOUaıou\x09"), (2, "ÁÍÓÚáíóúç"), (3, "ÀÍÓÚÂíóúç")],
)
def test_national_extensions_are_read(language: int, said: str) -> None:
    codes = b"".join(bytes((0x1B, code)) for code in b"AIOUaiou\x09")
    header = bytes((0x24, 1, language))
    text = came_in(write_deliver(codes, header))
    assert text.body == said.replace("\x09", "Ç")
    assert text.trouble is None


@pytest.mark.parametrize(
    ("code", "state", "words"),
    [
        (0x00, "delivered", "received (TP-ST 0x00)"),
        (0x01, "delivered", "passed on, but nobody confirms that it was received (TP-ST 0x01)"),
        (0x02, "failed", "replaced by another text (TP-ST 0x02)"),
        (0x12, "delivered", "a reason of the operator's own (TP-ST 0x12)"),
        (0x22, "buffered", "the phone does not answer; the operator goes on trying (TP-ST 0x22)"),
        (0x30, "buffered", "a reason of the operator's own; the operator goes on trying"),
        (0x43, "failed", "the number cannot be obtained (TP-ST 0x43)"),
        (0x46, "failed", "the phone could not be reached before the text expired (TP-ST 0x46)"),
        (0x5F, "failed", "a reason of the operator's own (TP-ST 0x5F)"),
        (0x61, "failed", "the phone is busy; the operator has given up (TP-ST 0x61)"),
        (0x26, "failed", "the service was rejected; the operator has given up (TP-ST 0x26)"),
        (0xFF, "failed", "the service was rejected; the operator has given up (TP-ST 0xFF)"),
    ],
)
def test_a_status_is_a_state_and_words(code: int, state: str, words: str) -> None:
    found, said = read_status(code)
    assert found == state
    assert said.startswith(words)
    pdu = f"0006060C912618325476986211229030438262112290304382{code:02X}"
    assert report(pdu).state == state


def test_every_status_has_words() -> None:
    for code in range(256):
        _, words = read_status(code)
        assert words.endswith(f"(TP-ST 0x{code:02X})")
        assert not words.startswith(" ")


def test_a_report_may_say_more_than_is_read() -> None:
    found = report("00060609812143658709" + "01901241306400" + "01901241304500" + "00" + "FF0001")
    assert (found.reference, found.number, found.state) == (6, "123456789", "delivered")
    assert found.sent_at == datetime(2010, 9, 21, 14, 3, 46, tzinfo=UTC)


@pytest.mark.parametrize(
    ("pdu", "words"),
    [
        ("", "ends inside the SMSC's address"),
        ("0", "not in hex"),
        ("xyz", "not in hex"),
        ("٠٠", "not in hex"),
        ("00", "ends inside the first octet"),
        ("0004", "ends inside TP-OA"),
        ("00040C9126", "ends inside TP-OA: 1 of 6 octets"),
        ("0791", "ends inside the SMSC's address: 1 of 7 octets"),
        (TEXT[:40], "ends inside TP-SCTS"),
        (TEXT[:-1], "not in hex"),
        ("0011000B916407281553F80000AA0AE8329BFD4697D9EC37", "one to send"),
    ],
)
def test_what_cannot_be_read_says_where(pdu: str, words: str) -> None:
    with pytest.raises(BadPdu, match=words):
        decode_pdu(pdu)


@given(st.text(max_size=60) | st.binary(max_size=200).map(bytes.hex))
def test_nothing_but_bad_pdu_is_raised(pdu: str) -> None:
    for decode in (decode_pdu, decode_submit):
        try:
            decode(pdu)
        except BadPdu as error:
            assert str(error)  # noqa: PT017
