"""Extensions, mailboxes and telephone numbers."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pbx.numbers import e164_meant, is_country, is_extension, read_number, split_mailbox, to_e164


@pytest.mark.parametrize(
    ("raw", "country", "e164"),
    [
        ("0812-3456-7890", "ID", "+6281234567890"),
        ("0812 3456 7890", "ID", "+6281234567890"),
        ("+62 812 3456 7890", "ID", "+6281234567890"),
        ("+62 (0)812 3456 7890", "ID", "+6281234567890"),
        ("6281234567890", "ID", "+6281234567890"),
        ("(021) 555 1234", "ID", "+62215551234"),
        ("00442071838750", "ID", "+442071838750"),
        ("006281234567890", "ID", "+6281234567890"),
        ("008442071838750", "ID", "+442071838750"),
        ("020 7183 8750", "GB", "+442071838750"),
        ("2015550123", "US", "+12015550123"),
        ("+442071838750", "US", "+442071838750"),
        ("1001", "ID", None),
        ("112", "ID", None),
        ("5550007", "US", None),
        ("anonymous", "ID", None),
        ("", "ID", None),
        ("+", "ID", None),
        ("+1", "ID", None),
        ("9" * 300, "ID", None),
        ("00" + "9" * 300, "ID", None),
        ("0812-3456-7890", "XX", None),
        ("<script>", "ID", None),
        ("500&PJSIP/x", "ID", None),
    ],
)
def test_a_number_is_read_the_way_the_country_writes_it(
    raw: str, country: str, e164: str | None
) -> None:
    assert to_e164(raw, country) == e164


@pytest.mark.parametrize(
    ("raw", "country", "shown"),
    [
        ("+6281234567890", "ID", "0812-3456-7890"),
        ("+6281234567890", "GB", "+62 812-3456-7890"),
        ("00442071838750", "ID", "+44 20 7183 8750"),
    ],
)
def test_people_see_a_number_as_they_write_it(raw: str, country: str, shown: str) -> None:
    number = read_number(raw, country)
    assert number is not None
    assert number.shown == shown


@pytest.mark.parametrize(
    ("raw", "country", "e164"),
    [
        ("62811000111", "ID", "+62811000111"),
        ("62 811-000-111", "ID", "+62811000111"),
        ("+62811000111", "ID", "+62811000111"),
        ("0811 000 111", "ID", "+62811000111"),
        ("0062811000111", "ID", "+62811000111"),
        ("811000111", "ID", "+62811000111"),
        ("62213456789", "ID", "+62213456789"),
        ("0213456789", "ID", "+62213456789"),
        ("4915123456789", "ID", "+4915123456789"),
        ("4915123456789", "DE", "+4915123456789"),
        ("015123456789", "DE", "+4915123456789"),
        ("14155552671", "US", "+14155552671"),
        ("4155552671", "US", "+14155552671"),
        ("6283456789", "US", "+16283456789"),
        ("2071838750", "GB", "+442071838750"),
        ("447911123456", "GB", "+447911123456"),
        *((it, "ID", None) for it in ("X0811111111", "HALO0811111111", "Klinik", "8888", "", "+")),
        *((it, "ID", None) for it in ("0811111111 HP", "*0811111111#", "+62811000111\n", "9" * 99)),
    ],
)
def test_a_number_may_lack_its_plus_and_a_name_is_none(
    raw: str, country: str, e164: str | None
) -> None:
    assert e164_meant(raw, country) == e164


@given(st.text(max_size=40) | st.text("+0123456789-() ", max_size=25))
def test_hostile_text_is_a_number_of_digits_or_none(raw: str) -> None:
    for e164 in (to_e164(raw, "ID"), e164_meant(raw, "ID")):
        assert e164 is None or re.fullmatch(r"\+[0-9]{5,15}", e164)


@pytest.mark.parametrize("text", ["10", "1001", "00000001"])
def test_two_to_eight_digits_are_an_extension(text: str) -> None:
    assert is_extension(text)


@pytest.mark.parametrize("text", ["1", "", "100a", "1001\n", "١٠٠١", "123456789", "+100"])
def test_anything_else_is_none(text: str) -> None:
    assert not is_extension(text)


def test_a_country_is_one_that_numbers_can_be_read_for() -> None:
    assert is_country("ID")
    assert not any(map(is_country, ("UK", "id", "", "XX")))


@given(st.text("./@10ab\n", max_size=12))
def test_a_mailboxs_name_never_leads_out_of_its_folder(text: str) -> None:
    parts = split_mailbox(text)
    if parts is not None:
        assert "@".join(parts) == text
        assert not set(parts) & {"", ".", ".."}
        assert not any(sign in part for part in parts for sign in "/\n@")


@pytest.mark.parametrize("raw", ["4955924387364190", "49284356423392332", "+4955924387364190"])
def test_a_number_longer_than_e164_has_it_is_none(raw: str) -> None:
    for country in ("ID", "DE", "US"):
        assert e164_meant(raw, country) is None
