"""Extensions, mailboxes and telephone numbers, and how a site's country reads them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import NewType

import phonenumbers

Extension = NewType("Extension", str)
"""A short number inside the site, digits only: "1001"."""

Mailbox = NewType("Mailbox", str)
"""Asterisk's name of a voicemail box: "1001@default"."""

E164 = NewType("E164", str)
"""A number as the whole world dials it (ITU-T E.164): "+628123456789"."""

ECHO_TEST = "*43"
TIME_TEST = "*60"
EXTENSION_PATTERN = r"^[0-9]{2,8}$"
_LONGEST = 16  # E.164: fifteen digits, and the plus
_EXTENSION = re.compile(EXTENSION_PATTERN)
_WRITTEN = re.compile(r"[+0-9 ()./\u2010-\u2015\u00a0-]+")
_MAILBOX = re.compile(r"^([0-9A-Za-z_.-]+)@([0-9A-Za-z_.-]+)$")


def is_extension(text: str) -> bool:
    return _EXTENSION.fullmatch(text) is not None


def mailbox(number: str, context: str = "default") -> Mailbox:
    return Mailbox(f"{number}@{context}")


def split_mailbox(text: str) -> tuple[str, str] | None:
    """Split "1001@default" into number and context; None if it is no mailbox name.

    The parts become folder names in Asterisk's spool, so neither may be "." or "..".
    """
    match = _MAILBOX.fullmatch(text)
    if match is None or {match[1], match[2]} & {".", ".."}:
        return None
    return match[1], match[2]


def is_country(code: str) -> bool:
    """Whether numbers can be read for this country (ISO 3166, two capital letters)."""
    return code in phonenumbers.SUPPORTED_REGIONS


@dataclass(frozen=True, slots=True)
class Number:
    """A telephone number, and how the people of a country write it."""

    e164: E164
    shown: str


def is_mobile(number: phonenumbers.PhoneNumber) -> bool:
    """Whether a number is one that a phone with texts may have."""
    kinds = phonenumbers.PhoneNumberType
    return phonenumbers.number_type(number) in {kinds.MOBILE, kinds.FIXED_LINE_OR_MOBILE}


@lru_cache(2000)
def e164_meant(raw: str, country: str) -> E164 | None:
    """Read a number that a gateway, a program or a list names: 62811000111 lacks its plus.

    Digits that are a mobile number of the country are that; then the whole world's number that
    they are with a plus. Returns None for a name, even one with a number in it.
    """
    if _WRITTEN.fullmatch(raw) is None:
        return None
    at_home = to_e164(raw, country)
    local = None if at_home is None else _valid(at_home)
    digits = "".join(filter(str.isdigit, raw))
    if "+" in raw or digits.startswith("0") or (local is not None and is_mobile(local)):
        return at_home
    abroad = _valid(f"+{digits}")
    if abroad is None:
        return at_home
    ours = abroad.country_code == phonenumbers.country_code_for_region(country)
    if local is not None and not ours and not is_mobile(abroad):
        return at_home
    text = phonenumbers.format_number(abroad, phonenumbers.PhoneNumberFormat.E164)
    # The library lets Germany have 17 digits.
    return E164(text) if len(text) <= _LONGEST else None


def to_e164(raw: str, country: str) -> E164 | None:
    """Read a number for programs; None for what `read_number` does not take."""
    number = read_number(raw, country)
    return None if number is None else number.e164


@lru_cache(2000)
def read_number(raw: str, country: str) -> Number | None:
    """Read a dialled or shown number the way people of `country` (ISO 3166) write it.

    Returns None for what is no possible telephone number: an internal extension, "anonymous", a
    number without its area code.
    """
    number = _parse(raw, country)
    if raw.startswith("00") and (number is None or not phonenumbers.is_valid_number(number)):
        # ITU-T E.164's prefix, which trunks send whatever the country itself dials.
        abroad = _parse(f"+{raw.lstrip('0')}", country)
        number = abroad if abroad is not None and phonenumbers.is_valid_number(abroad) else number
    if number is None:
        return None
    text = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    if len(text) > _LONGEST:
        return None
    home = phonenumbers.country_code_for_region(country) == number.country_code
    forms = phonenumbers.PhoneNumberFormat
    shown = phonenumbers.format_number(number, forms.NATIONAL if home else forms.INTERNATIONAL)
    return Number(E164(text), shown)


def _valid(e164: str) -> phonenumbers.PhoneNumber | None:
    number = _parse(e164, "")
    return number if number is not None and phonenumbers.is_valid_number(number) else None


def _parse(raw: str, country: str) -> phonenumbers.PhoneNumber | None:
    try:
        number = phonenumbers.parse(raw, country)
    except phonenumbers.NumberParseException:
        return None
    reason = phonenumbers.is_possible_number_with_reason(number)
    return number if reason == phonenumbers.ValidationResult.IS_POSSIBLE else None
