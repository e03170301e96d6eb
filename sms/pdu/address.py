"""Numbers and names of senders and receivers (3GPP TS 23.040, 9.1.2.5)."""

from __future__ import annotations

import re

from sms.alphabet import decode_gsm7, unpack
from sms.pdu.octets import Octets

_NUMBER = re.compile(r"\+?[0-9]{1,20}")
_INTERNATIONAL, _ALPHANUMERIC = 0b001, 0b101
"""Types of number."""
_TO_INTERNATIONAL, _TO_UNKNOWN = 0x91, 0x81
"""Types of address that are written: of number, and ISDN as the numbering plan."""
_SIGNS = str.maketrans({"a": "*", "b": "#", "c": "a", "d": "b", "e": "c", "f": ""})
"""Semi-octets beyond 9; f fills the last octet."""
_SWAPPED = bytes(octet >> 4 | (octet & 0x0F) << 4 for octet in range(256))
"""The second digit of an octet stands in its upper half."""


def read_address(octets: Octets, field: str) -> str:
    """An address field: "+628123456789", digits as they came, or a name.

    Raises:
        BadPdu: it is longer than the PDU.
    """
    length = octets.one(field)
    kind = octets.one(field)
    return _address(kind, octets.take((length + 1) // 2, field), length)


def read_service_centre(octets: Octets) -> str | None:
    """The SMSC's address, that modems put first (3GPP TS 27.005, 3.1); None where it is left out.

    Raises:
        BadPdu: it is longer than the PDU.
    """
    length = octets.one("the SMSC's address")
    if not length:
        return None
    kind, *_ = address = octets.take(length, "the SMSC's address")
    return _address(kind, address[1:], 2 * (length - 1)) or None


def write_address(number: str) -> bytes:
    """An address field.

    Arguments:
        number: E.164, "+628123456789", or the digits of a short number.

    Raises:
        ValueError: it is no number.
    """
    if _NUMBER.fullmatch(number) is None:
        raise ValueError(f'"{number}" is no telephone number: write it as +628123456789')
    digits = number.removeprefix("+")
    kind = _TO_UNKNOWN if digits == number else _TO_INTERNATIONAL
    octets = bytes.fromhex(digits + "f" * (len(digits) % 2))
    return bytes((len(digits), kind)) + octets.translate(_SWAPPED)


def _address(kind: int, octets: bytes, length: int) -> str:
    """kind: type of address. length: semi-octets."""
    kind = kind >> 4 & 0b111
    if kind == _ALPHANUMERIC:
        return _name(octets, length)
    digits = octets.translate(_SWAPPED).hex()[:length].translate(_SIGNS)
    return "+" + digits if digits and kind == _INTERNATIONAL else digits


def _name(octets: bytes, length: int) -> str:
    codes = unpack(octets, length * 4 // 7)
    # Seven characters leave seven bits: who counts them as used adds an @ that nobody wrote.
    if len(codes) % 8 == 0:
        codes = codes.removesuffix(b"\0")
    return decode_gsm7(codes)
