"""What a data coding scheme says of a text (3GPP TS 23.038, 4)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Alphabet = Literal["gsm7", "octets", "ucs2"]
WaitingKind = Literal["voicemail", "fax", "e-mail", "other"]

_ALPHABETS: tuple[Alphabet, ...] = ("gsm7", "octets", "ucs2", "gsm7")
_KINDS: tuple[WaitingKind, ...] = ("voicemail", "fax", "e-mail", "other")
_COMPRESSED, _HAS_CLASS, _ACTIVE = 0x20, 0x10, 0x08


@dataclass(frozen=True, slots=True)
class Waiting:
    """What waits for the subscriber at his operator.

    Arguments:
        active: whether there is any.
        discard: whether the text that came with it is not worth keeping.
        count: how many, where that was said.
    """

    kind: WaitingKind
    active: bool
    discard: bool
    count: int | None = None


@dataclass(frozen=True, slots=True)
class DataCoding:
    """How the user data is written. message_class: 0 is a flash text, None is no class."""

    alphabet: Alphabet
    compressed: bool = False
    message_class: int | None = None
    waiting: Waiting | None = None


def read_data_coding(code: int) -> DataCoding:
    """What TP-DCS says; reserved ones are the default alphabet. code: 0 to 255."""
    match code >> 4:
        case group if group < 0b1000:
            return DataCoding(
                _ALPHABETS[code >> 2 & 0b11],
                compressed=bool(code & _COMPRESSED),
                message_class=code & 0b11 if code & _HAS_CLASS else None,
            )
        case 0b1111:
            return DataCoding("octets" if code & 0b100 else "gsm7", message_class=code & 0b11)
        case 0b1100 | 0b1101 | 0b1110 as group:
            waiting = Waiting(waiting_kind(code), bool(code & _ACTIVE), discard=group == 0b1100)
            return DataCoding("ucs2" if group == 0b1110 else "gsm7", waiting=waiting)
    return DataCoding("gsm7")


def waiting_kind(code: int) -> WaitingKind:
    """What waits, by the two lowest bits."""
    return _KINDS[code & 0b11]
