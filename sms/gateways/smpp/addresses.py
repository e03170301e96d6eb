"""Numbers and names as SMPP writes them (3.4, 5.2.5 and 5.2.6)."""

from __future__ import annotations

import re

from sms.gateways.smpp.message import Address

_INTERNATIONAL, _NATIONAL, _NETWORK, _NAME = 1, 2, 3, 5
_ISDN = 1
_NUMBER = re.compile(r"\+[0-9]{5,15}")
_LONGEST_SHORT_CODE = 8
_LONGEST_NAME = 11


def destination(number: str) -> Address:
    """Who gets a text.

    Raises:
        ValueError: it is not E.164.
    """
    if _NUMBER.fullmatch(number) is None:
        raise ValueError(f"{number!r} is no number like +628123456789")
    return Address(_INTERNATIONAL, _ISDN, number[1:])


def source(number: str | None) -> Address:
    """Who a text comes from; None leaves it to the SMSC.

    Raises:
        ValueError: it is a name that no phone would show.
    """
    if number is None:
        return Address()
    number = number.strip()
    if _NUMBER.fullmatch(number):
        return Address(_INTERNATIONAL, _ISDN, number[1:])
    if number.isascii() and number.isdigit():
        if len(number) <= _LONGEST_SHORT_CODE:
            return Address(_NETWORK, 0, number)
        return Address(_NATIONAL, _ISDN, number)
    if not number.isascii() or not number.isprintable() or len(number) > _LONGEST_NAME:
        raise ValueError(
            f"{number!r} cannot be a sender: write a number, or a name of at most "
            f"{_LONGEST_NAME} letters and digits"
        )
    return Address(_NAME, 0, number)


def shown(address: Address) -> str:
    """An address as it came: an international number with its plus, all others as they are."""
    text = address.text.strip()
    if address.ton != _INTERNATIONAL or not text.isdecimal():
        return text
    return "+" + text.removeprefix("00")


def e164(address: Address) -> str | None:
    """The number that we sent to, as the SMSC writes it in a receipt; None if that is not sure."""
    digits = address.text.strip().removeprefix("+").removeprefix("00")
    number = f"+{digits}"
    return number if _NUMBER.fullmatch(number) and digits[0] != "0" else None
