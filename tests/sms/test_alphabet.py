"""The alphabets of 3GPP TS 23.038."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sms import alphabet
from sms.alphabet import (
    decode_gsm7,
    decode_ucs2,
    encode_gsm7,
    encode_ucs2,
    is_gsm7,
    pack,
    septets,
    unpack,
    whole,
)
from tests.sms.second_opinion import BITS, TWO_SEPTETS

GSM = st.text(st.sampled_from(sorted(BITS)))
ANY_TEXT = st.text(st.characters(codec=None, exclude_categories=()))


def test_the_table_is_the_standards() -> None:
    codes = bytes(code for code in range(128) if code != alphabet.ESCAPE)
    assert {sign: int(bits, 2) for sign, bits in BITS.items() if sign not in TWO_SEPTETS} == dict(
        zip(decode_gsm7(codes), codes, strict=True)
    )
    assert dict(alphabet.EXTENSION) == {code: sign for sign, code in TWO_SEPTETS.items()}


@pytest.mark.parametrize(
    ("text", "packed"),
    [
        ("hellohello", "E8329BFD4697D9EC37"),
        ("Hello World!", "C8329BFD065DDF72363904"),
        ("12345678", "31D98C56B3DD70"),
        ("123456789", "31D98C56B3DD7039"),
        ("[{abc}]~", "1BDE0615168F37A98D6FD303"),
        ("{åΦΓΛΩΠΨΣΘ€}", "1BD44332A1542C174C6653DEA400"),
        ("FRANCOIS", "4669D0397C26A7"),
    ],
)
def test_septets_are_packed_as_everybody_packs_them(text: str, packed: str) -> None:
    codes = encode_gsm7(text)
    assert pack(codes).hex().upper() == packed
    assert decode_gsm7(unpack(bytes.fromhex(packed), len(codes))) == text


@given(GSM, st.integers(0, 6))
def test_what_is_packed_is_unpacked(text: str, fill: int) -> None:
    codes = encode_gsm7(text)
    assert len(codes) == septets(text)
    packed = pack(codes, fill)
    assert len(packed) == (7 * len(codes) + fill + 7) // 8
    assert unpack(packed, len(codes), fill) == codes
    assert decode_gsm7(codes) == text


def test_no_more_septets_are_unpacked_than_there_are() -> None:
    assert unpack(bytes.fromhex("E832"), 160) == b"he"
    assert unpack(b"", 5) == unpack(b"a", 5, 20) == unpack(b"abc", -3) == b""


@pytest.mark.parametrize(
    ("codes", "text"),
    [
        (b"\x1b\x65", "€"),
        (b"a\x1b\x61b", "aab"),  # not in the extension table: the letter itself
        (b"\x1b\x0d", "\r"),
        (b"a\x1b\x1bb", "a b"),  # another extension table, which nobody has
        (b"\x1b\x1b\x65", " e"),
        (b"a\x1b", "a "),
        (b"\x1b", " "),
        (b"\x1b\x1b\x1b\x1b", "  "),
        (b"\x1b\x1b\x1b\x65", " €"),
        (b"\xe5", "e"),  # a bit too many, as some SMSCs leave it there
    ],
)
def test_an_escape_to_nothing_shows_what_the_standard_says(codes: bytes, text: str) -> None:
    assert decode_gsm7(codes) == text


@pytest.mark.parametrize("text", ["ç", "`", "\t", "\x1b", "“", "é́", "😀", "\ud83d"])
def test_what_is_not_in_the_alphabet_is_refused(text: str) -> None:
    assert not is_gsm7(text)
    with pytest.raises(ValueError, match="not in the GSM alphabet"):
        encode_gsm7("a" + text)


def test_an_extended_character_costs_two_septets() -> None:
    assert septets("") == 0
    assert septets("a€") == 3
    assert septets("".join(TWO_SEPTETS)) == 2 * len(TWO_SEPTETS)


@pytest.mark.parametrize(
    ("octets", "text"),
    [
        ("D83DDE00", "😀"),
        ("D83D", "\ufffd"),
        ("DE00", "\ufffd"),
        ("D83D0041", "\ufffdA"),
        ("DE00D83D", "\ufffd\ufffd"),
        ("FEFF0041", "\ufeffA"),
        ("004100", "A"),
        ("", ""),
    ],
)
def test_ucs2_is_utf_16_with_surrogate_pairs(octets: str, text: str) -> None:
    assert decode_ucs2(bytes.fromhex(octets)) == text


@given(ANY_TEXT)
def test_any_text_becomes_one_that_can_be_encoded(text: str) -> None:
    assert decode_ucs2(encode_ucs2(text)) == whole(text)
    whole(text).encode()
    assert not any(0xD800 <= ord(sign) < 0xE000 for sign in whole(text))


def test_two_halves_of_a_character_become_one() -> None:
    assert whole("a\ud83d\ude00b\ud83d") == "a😀b\ufffd"
