"""What comes in by SMPP: alphabets, parts, receipts, IDs, and what is brought again."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sms.alphabet import DEFAULT, encode_gsm7
from sms.gateway import Concat
from sms.gateways.smpp.addresses import destination, e164, shown, source
from sms.gateways.smpp.brought import Brought
from sms.gateways.smpp.coding import read_words
from sms.gateways.smpp.message import Address, Message, Option
from sms.gateways.smpp.receipts import Receipt, read_receipt
from sms.gateways.smpp.references import References

WHO = Address(1, 1, "628123456789")
US = Address(1, 1, "62811000111")
KANNEL = (
    b"id:%s sub:001 dlvrd:001 submit date:2601020304 done date:2601020305 "
    b"stat:%s err:%s text:stat:UNDELIV id:9"
)


def message(octets: bytes, **fields: Any) -> Message:
    return Message(WHO, US, octets, **fields)


@given(st.text(st.sampled_from(DEFAULT.replace("\x1b", "") + "€[]"), max_size=160))
def test_septets_are_read_an_octet_each(body: str) -> None:
    assert read_words(message(encode_gsm7(body)), "gsm7").body == body


@pytest.mark.parametrize(
    ("coding", "octets", "body"),
    [
        (1, b"Halo @", "Halo @"),
        (3, b"caf\xe9", "café"),
        (6, b"\xbf\xe0\xd8", "При"),
        (8, "🙂 ok".encode("utf-16-be"), "🙂 ok"),
        (0x10, b"\x00 flash", "@ flash"),
        (0x18, "✓".encode("utf-16-be"), "✓"),
        (0xC8, b"voicemail", "voicemail"),
        (0xE0, "✓".encode("utf-16-be"), "✓"),
        (0xF0, b"\x00", "@"),
    ],
)
def test_every_known_coding_is_read(coding: int, octets: bytes, body: str) -> None:
    words = read_words(message(octets, data_coding=coding), "gsm7")
    assert (words.body, words.trouble) == (body, None)


def test_the_default_alphabet_is_what_the_site_file_says() -> None:
    assert read_words(message(b"\x00\xe9"), "latin1").body == "\0é"
    assert read_words(message(b"\x00\x05"), "gsm7").body == "@é"


@pytest.mark.parametrize("coding", [2, 4, 5, 9, 14, 0x14, 0x30, 0x80, 0xF5])
def test_what_is_no_text_is_kept_with_its_trouble(coding: int) -> None:
    words = read_words(message(b"\x01\x02\x03", data_coding=coding), "gsm7")
    assert words.body is None
    assert words.trouble


def test_octets_beyond_the_gsm_alphabet_are_told() -> None:
    words = read_words(message(b"caf\xe9"), "gsm7")
    assert words.body is not None
    assert "GSM" in (words.trouble or "")


def test_parts_are_told_by_their_header() -> None:
    eight = message(b"\x05\x00\x03\x2a\x03\x02Halo", esm_class=0x40)
    assert read_words(eight, "gsm7").concat == Concat(42, 3, 2)
    assert read_words(eight, "gsm7").body == "Halo"
    sixteen = message(b"\x06\x08\x04\x01\x02\x03\x02\x00\x41", esm_class=0x40, data_coding=8)
    assert read_words(sixteen, "gsm7").concat == Concat(0x0102, 3, 2)
    assert read_words(sixteen, "gsm7").body == "A"


def test_parts_are_told_by_sar_parameters() -> None:
    options = {Option.SAR_REFERENCE: b"\x01\x02", Option.SAR_TOTAL: b"\x03"}
    whole = message(b"Halo", options={**options, Option.SAR_NUMBER: b"\x02"})
    assert read_words(whole, "gsm7").concat == Concat(0x0102, 3, 2)
    for number in (b"", b"\x00", b"\x04"):
        odd = message(b"Halo", options={**options, Option.SAR_NUMBER: number})
        assert read_words(odd, "gsm7").concat is None


def test_a_header_longer_than_the_text_is_a_trouble() -> None:
    words = read_words(message(b"\x09\x00", esm_class=0x40), "gsm7")
    assert words.body is None
    assert "header" in (words.trouble or "")


@given(st.binary(max_size=160), st.integers(0, 255), st.integers(0, 255))
def test_any_octets_are_read_or_have_a_trouble(octets: bytes, coding: int, esm: int) -> None:
    for default in ("gsm7", "latin1"):
        words = read_words(message(octets, data_coding=coding, esm_class=esm), default)
        assert words.body is not None or words.trouble


@pytest.mark.parametrize(
    ("stat", "error", "state", "words"),
    [
        (b"DELIVRD", b"000", "delivered", "DELIVRD"),
        (b"UNDELIV", b"027", "failed", "UNDELIV, error 027"),
        (b"EXPIRED", b"000", "failed", "EXPIRED"),
        (b"REJECTD", b"1", "failed", "REJECTD, error 1"),
        (b"ENROUTE", b"000", "buffered", "ENROUTE"),
        (b"ACCEPTD", b"000", "buffered", "ACCEPTD"),
        (b"NOVELTY", b"000", "buffered", "NOVELTY"),
    ],
)
def test_receipts_are_read_by_their_words(
    stat: bytes, error: bytes, state: str, words: str
) -> None:
    receipt = read_receipt(message(KANNEL % (b"00ab12", stat, error), esm_class=4))
    assert receipt is not None
    assert (receipt.reference, receipt.state, receipt.words) == ("00ab12", state, words)


@pytest.mark.parametrize("esm_class", [4, 0])
def test_receipts_are_read_by_their_parameters(esm_class: int) -> None:
    options = {Option.RECEIPTED_MESSAGE_ID: b"AB12\0", Option.MESSAGE_STATE: b"\x02"}
    receipt = read_receipt(message(b"", esm_class=esm_class, options=options))
    assert receipt == Receipt("AB12", "delivered", "DELIVRD")


def test_an_intermediate_notification_is_no_end() -> None:
    receipt = read_receipt(message(KANNEL % (b"1", b"UNDELIV", b"000"), esm_class=0x20))
    assert receipt is not None
    assert receipt.state == "buffered"


def test_a_person_who_writes_like_a_receipt_has_written_a_text() -> None:
    assert read_receipt(message(KANNEL % (b"1", b"DELIVRD", b"000"))) is None


@given(st.binary(max_size=160), st.integers(0, 255))
def test_any_receipt_is_read(octets: bytes, coding: int) -> None:
    receipt = read_receipt(message(octets, data_coding=coding, esm_class=4))
    assert receipt is not None
    assert len(receipt.words) <= 60


@pytest.mark.parametrize(
    ("answered", "reported"),
    [
        ("1F4a", "8010"),  # hex, then decimal
        ("1F4A", "0000008010"),
        ("8010", "1f4a"),  # decimal, then hex
        ("8010", "8010"),
        ("00ab-12", "AB-12"),
        ("6f1c2d3e-4b5a", "6F1C2D3E-4B5A"),
        ("0", "0000"),
    ],
)
def test_a_receipt_finds_its_text_however_its_id_is_written(answered: str, reported: str) -> None:
    references = References()
    assert references.sent(answered) == references.of_receipt(reported)


def test_how_ids_are_written_holds_for_texts_that_were_sent_before_the_start() -> None:
    references = References()
    assert references.of_receipt("8010") == "8010"
    references.sent("1F4A")
    references.of_receipt("8010")
    assert references.of_receipt("0000008011") == "1f4b"
    assert references.of_receipt("") is None
    assert references.sent("") is None


def test_once_learned_no_other_way_is_taken() -> None:
    references = References()
    references.sent("500")
    assert references.of_receipt("500") == "500"
    references.sent("1280")  # is 500 in hex
    assert references.of_receipt("500") == "500"


@pytest.mark.parametrize(
    ("number", "address"),
    [
        ("+62811000111", Address(1, 1, "62811000111")),
        ("08110001111", Address(2, 1, "08110001111")),
        ("9001", Address(3, 0, "9001")),
        ("KLINIK", Address(5, 0, "KLINIK")),
        (None, Address()),
    ],
)
def test_senders_have_their_type_of_number(number: str | None, address: Address) -> None:
    assert source(number) == address


@pytest.mark.parametrize("number", ["Klinik Sehat", "KLÍNIK", "a\nb"])
def test_a_sender_that_no_phone_would_show_is_refused(number: str) -> None:
    with pytest.raises(ValueError, match="cannot be a sender"):
        source(number)


@pytest.mark.parametrize("number", ["0811", "+", "+62811-1", "KLINIK", ""])
def test_only_international_numbers_are_written_to(number: str) -> None:
    with pytest.raises(ValueError, match="no number"):
        destination(number)


def test_addresses_are_shown_as_they_came_and_international_ones_with_a_plus() -> None:
    assert shown(Address(1, 1, "62811")) == "+62811"
    assert shown(Address(1, 1, "0062811")) == "+62811"
    assert shown(Address(2, 1, "0811")) == "0811"
    assert shown(Address(5, 0, "TELKOMSEL")) == "TELKOMSEL"
    assert e164(Address(0, 0, "62811000111")) == "+62811000111"
    assert e164(Address(2, 1, "0811000111")) is None
    assert e164(Address(5, 0, "BANK")) is None
    assert e164(Address()) is None


class Clock:
    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


def test_two_equal_texts_on_one_link_are_two() -> None:
    brought = Brought(Clock())
    assert brought.arrived(b"ok").key != brought.arrived(b"ok").key


def test_a_text_that_was_surely_answered_and_comes_again_is_another() -> None:
    brought = Brought(Clock())
    first = brought.arrived(b"ok")
    brought.answered(first, 3)
    brought.confirmed(4)
    brought.link_ended()
    assert brought.arrived(b"ok").key != first.key


def test_texts_whose_answers_may_be_lost_are_the_same_on_the_next_link_once_each() -> None:
    brought = Brought(Clock())
    first, second = brought.arrived(b"ok"), brought.arrived(b"ok")
    brought.answered(first, 3)
    brought.confirmed(3)
    brought.link_ended()
    again = [brought.arrived(b"ok").key for _ in range(3)]
    assert again[:2] == [first.key, second.key]
    assert again[2] not in again[:2]


def test_a_text_that_the_ledger_failed_to_take_is_the_same_when_it_comes_again() -> None:
    brought = Brought(Clock())
    first = brought.arrived(b"ok")
    brought.link_ended()
    again = brought.arrived(b"ok")
    brought.refused(again)
    third = brought.arrived(b"ok")
    assert first.key == again.key == third.key
    assert brought.arrived(b"ok").key != first.key


def test_a_text_that_comes_long_after_the_link_is_another() -> None:
    clock = Clock()
    brought = Brought(clock)
    first = brought.arrived(b"ok")
    brought.link_ended()
    clock.now += 301
    assert brought.arrived(b"ok").key != first.key


def test_a_text_that_is_brought_again_while_it_is_stored_is_the_same() -> None:
    clock = Clock()
    brought = Brought(clock)
    first = brought.arrived(b"ok")
    clock.now += 6
    assert brought.arrived(b"ok").key == first.key
    brought.answered(first, 1)
    assert brought.arrived(b"other").key != first.key


def test_after_a_crash_the_same_text_has_the_same_key_for_a_while() -> None:
    clock = Clock()
    before = Brought(clock).arrived(b"ok").key
    clock.now += 10
    assert Brought(clock).arrived(b"ok").key == before
    clock.now += 120
    assert Brought(clock).arrived(b"ok").key != before
