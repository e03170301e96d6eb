"""The addresses that answers go to."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mail.intake.errors import WeakSecret
from mail.intake.tokens import ReplyAddresses, read_number_address
from pbx.numbers import E164

SECRET = bytes(range(32))
OURS = ReplyAddresses(SECRET, "SMS.klinik.example")
NUMBER = E164("+628123456789")


def test_an_address_names_a_number_and_a_person() -> None:
    address = OURS.address(NUMBER, "1001")
    local, _, domain = address.partition("@")
    assert local.startswith("628123456789-1001-")
    assert domain == "sms.klinik.example"
    assert len(local.rpartition("-")[2]) * 5 == 80
    assert OURS.read(address) == (NUMBER, "1001")
    assert OURS.read(f" {address.upper()} ") == (NUMBER, "1001")
    assert OURS.read(OURS.address(NUMBER, "")) == (NUMBER, "")


def test_it_stays_the_same_for_ever() -> None:
    # Answers to e-mails of years ago: whoever changes this breaks them.
    assert OURS.address(NUMBER, "1001") == "628123456789-1001-bkqky44mxwqvlrk2@sms.klinik.example"


@given(
    st.from_regex(r"\A\+[1-9][0-9]{6,14}\Z"),
    st.from_regex(r"\A([0-9]{2,8})?\Z"),
)
def test_every_address_is_read_as_it_was_made(number: str, extension: str) -> None:
    address = OURS.address(E164(number), extension)
    assert OURS.read(address) == (number, extension)
    assert len(address.partition("@")[0]) <= 64
    assert ReplyAddresses(SECRET[::-1], "sms.klinik.example").read(address) is None


@given(st.integers(0, 100), st.sampled_from("0123456789abcdefz-"))
def test_a_letter_that_is_changed_makes_it_nobodys(at: int, letter: str) -> None:
    address = OURS.address(NUMBER, "1001")
    changed = address[: at % len(address)] + letter + address[at % len(address) + 1 :]
    assert changed == address or OURS.read(changed) is None


@pytest.mark.parametrize(
    "address",
    [
        *("", "@", "sari@klinik.example", "628123456789-1001-@sms.klinik.example"),
        "628123456789-1001-aaaaaaaaaaaaaaaa@sms.klinik.example",
        "628123456789--aaaaaaaaaaaaaaaa@sms.klinik.example",
        "٦28123456789-1001-aaaaaaaaaaaaaaaa@sms.klinik.example",
        "+62811000111@sms.klinik.example",
    ],
)
def test_another_address_is_none_of_ours(address: str) -> None:
    assert OURS.read(address) is None


def test_an_address_of_another_domain_is_none_of_ours() -> None:
    address = OURS.address(NUMBER, "1001").replace("klinik", "elsewhere")
    assert OURS.read(address) is None


@pytest.mark.parametrize(("number", "extension"), [("0811", "1001"), ("+62811", "x"), ("", "1001")])
def test_what_is_no_number_gets_no_address(number: str, extension: str) -> None:
    with pytest.raises(ValueError, match="no reply address"):
        OURS.address(E164(number), extension)


def test_a_short_secret_is_refused() -> None:
    with pytest.raises(WeakSecret, match="8 bytes: use 16"):
        ReplyAddresses(b"12345678", "sms.klinik.example")


@pytest.mark.parametrize(
    ("local", "number"),
    [
        *(("+62811000111", "+62811000111"), ("0811000111", "+62811000111")),
        ("62811000111", "+62811000111"),
        *(("0062811000111", "+62811000111"), ("+15551234567", "+15551234567")),
        *(("1001", None), ("", None), ("+", None), ("sari", None), ("+62811000111x", None)),
        *(("٠811000111", None), ("+" + "1" * 30, None), ("62811-1001-aaaaaaaaaaaaaaaa", None)),
    ],
)
def test_a_plain_number_is_read_for_a_new_text(local: str, number: str | None) -> None:
    assert read_number_address(f"{local}@sms.klinik.example", "ID") == number
