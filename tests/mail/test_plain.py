"""Strangers' text, made harmless."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mail.caller import read_caller
from mail.plain import ascii_only, isolated, plain, plain_lines

ANY_TEXT = st.text(st.characters(codec=None, exclude_categories=()), max_size=300)


@given(ANY_TEXT, st.integers(min_value=1, max_value=100))
def test_any_text_becomes_one_short_line_that_can_be_encoded(text, limit):
    line = plain(text, limit)
    line.encode("utf-8")
    assert len(line.splitlines()) <= 1
    assert len(line) <= limit + 10
    assert not any(unicodedata.category(c) in {"Cc", "Cs"} for c in line)
    assert "=?" not in line


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Budi\r\nBcc: x@y", "Budi Bcc: x@y"),
        ("\u202eidB", "idB"),
        ("Bu\ud800di", "Budi"),
        ("  Budi\t Santoso ", "Budi Santoso"),
        ("=?utf-8?q?a=0Ab?=", "= ?utf-8?q?a=0Ab?="),
        ("👩‍⚕️ Sari", "👩‍⚕️ Sari"),
        ("x" * 10_000, "x" * 19 + "…"),
    ],
)
def test_what_would_do_harm_goes_and_what_is_meant_stays(text, expected):
    assert plain(text, 20) == expected


@given(ANY_TEXT, st.integers(min_value=1, max_value=400))
def test_any_text_becomes_lines_that_can_be_encoded(text, limit):
    lines = plain_lines(text, limit)
    lines.encode("utf-8")
    assert lines.splitlines() == (lines.split("\n") if lines else [])
    assert not any(unicodedata.category(c) == "Cc" for c in lines.replace("\n", ""))
    assert not {"\u202e", "\u2067"} & set(lines)
    assert plain_lines(lines, len(lines) + 1) == lines


def test_right_to_left_letters_keep_to_themselves():
    assert isolated("سارة") == "\u2068سارة\u2069"
    assert isolated("Sari") == "Sari"


@given(ANY_TEXT)
def test_ascii_only_is_that(text):
    assert all("!" <= c <= "~" for c in ascii_only(text, 50))


class TestCaller:
    def test_a_mobile_number_is_shown_as_people_write_it_and_linked_as_e164(self):
        caller = read_caller("08123456789", "Budi", "ID")
        assert caller.label == "Budi (0812-3456-789)"
        assert caller.link == "tel:+628123456789"

    def test_a_foreign_number_is_shown_with_its_country(self):
        caller = read_caller("+4930123456", "", "ID")
        assert caller.label == "+49 30 123456"
        assert caller.link == "tel:+4930123456"

    @pytest.mark.parametrize("number", ["12", "1001", "100100"])
    def test_an_extension_is_linked_by_its_digits(self, number):
        caller = read_caller(number, "Sari", "ID")
        assert (caller.number, caller.link) == (number, f"tel:{number}")

    @pytest.mark.parametrize("number", ["", "anonymous", "Anonymous", "unknown"])
    def test_nobody_has_no_label_and_no_link(self, number):
        caller = read_caller(number, number, "ID")
        assert (caller.label, caller.link, caller.bare) == ("", "", "")

    def test_a_name_that_only_repeats_the_number_is_left_out(self):
        assert read_caller("08123456789", "08123456789", "ID").name == ""

    @given(ANY_TEXT, ANY_TEXT)
    def test_a_link_has_nothing_but_digits(self, number, name):
        caller = read_caller(number, name, "ID")
        assert caller.link.removeprefix("tel:").removeprefix("+").isdigit() or caller.link == ""
        assert caller.bare.isascii()
