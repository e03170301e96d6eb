"""The text in a deliver_sm: what data_coding says of its octets (SMPP 3.4, 5.2.19)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from sms.alphabet import DEFAULT, EXTENSION, decode_gsm7, decode_ucs2
from sms.gateway import Concat
from sms.gateways.smpp.message import Message, Option
from sms.pdu.data_coding import read_data_coding
from sms.pdu.languages import ALPHABETS, EXTENSIONS
from sms.pdu.user_data_header import UserDataHeader, read_header

DefaultAlphabet: TypeAlias = Literal["gsm7", "latin1"]

_CODECS = {1: "latin-1", 3: "latin-1", 6: "iso8859-5", 7: "iso8859-8"}
_FIRST_OF_GSM = 0x10
"""From here on SMPP leaves the values to GSM's data coding scheme, or reserves them."""


@dataclass(frozen=True, slots=True)
class Words:
    """What a text says. trouble: why body is None, or what of it may be wrong."""

    body: str | None
    concat: Concat | None = None
    trouble: str | None = None


def read_words(message: Message, default: DefaultAlphabet) -> Words:
    """What a text says, and which part of a longer one it is."""
    octets, header = message.octets, UserDataHeader()
    if message.has_header and octets:
        end = 1 + octets[0]
        if end > len(octets):
            return Words(None, trouble=f"it has {len(octets)} octets, and a header of {end}")
        header, octets = read_header(octets[1:end]), octets[end:]
    body, trouble = _read(octets, message.data_coding, default, header)
    return Words(body, header.concat or _segment(message), trouble)


def _read(
    octets: bytes, coding: int, default: DefaultAlphabet, header: UserDataHeader
) -> tuple[str | None, str | None]:
    """The body and the trouble."""
    if coding in _CODECS:
        return octets.decode(_CODECS[coding], "replace"), None
    alphabet = _alphabet(coding, default)
    match alphabet:
        case "gsm7":
            return _gsm7(octets, header)
        case "latin1":
            return octets.decode("latin-1"), None
        case "ucs2":
            trouble = "it ends in half a character" if len(octets) % 2 else None
            return decode_ucs2(octets), trouble
        case "octets":
            return None, f"it is no text but {len(octets)} octets of data"
    return None, f"its data_coding {coding} is not known"


def _alphabet(coding: int, default: DefaultAlphabet) -> str | None:
    if coding < _FIRST_OF_GSM:
        return {0: default, 2: "octets", 4: "octets", 8: "ucs2"}.get(coding)
    scheme = read_data_coding(coding)
    is_reserved = 0x80 <= coding < 0xC0
    return None if scheme.compressed or is_reserved else scheme.alphabet


def _gsm7(octets: bytes, header: UserDataHeader) -> tuple[str, str | None]:
    """Septets, an octet each; in SMPP they are not packed."""
    trouble = None
    if not octets.isascii():
        trouble = "it is not in the GSM alphabet that it says it is in: letters may be wrong"
    if strange := {header.locking, header.single} - ALPHABETS.keys():
        trouble = f"it is in national alphabet {max(strange)}, and letters may be wrong"
    alphabet = ALPHABETS.get(header.locking, DEFAULT)
    return decode_gsm7(octets, alphabet, EXTENSIONS.get(header.single, EXTENSION)), trouble


def _segment(message: Message) -> Concat | None:
    """By the parameters that may stand in place of a user data header, 5.3.2.22 to 5.3.2.24."""
    tags = (Option.SAR_REFERENCE, Option.SAR_TOTAL, Option.SAR_NUMBER)
    values = [message.options.get(tag) for tag in tags]
    if not all(values):
        return None
    reference, total, number = (int.from_bytes(value or b"", "big") for value in values)
    if total < 2 or not 1 <= number <= total <= 255:
        return None
    return Concat(reference & 0xFFFF, total, number)
