"""Cuts a text into parts as phones do (3GPP TS 23.040, 9.2.3.24.1)."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left

from sms.alphabet import EXTENDED, is_gsm7, septets, whole
from sms.piece import Coding, Piece

MOST_PARTS = 255

_SINGLE: dict[Coding, int] = {"gsm7": 160, "ucs2": 70}
_OF_MANY: dict[Coding, int] = {"gsm7": 153, "ucs2": 67}
_DOUBLE: dict[Coding, re.Pattern[str]] = {
    "gsm7": re.compile("[" + re.escape("".join(sorted(EXTENDED))) + "]"),
    "ucs2": re.compile("[\U00010000-\U0010ffff]"),
}
"""The characters that cost two units, which no part may cut."""
_ZERO_WIDTH_JOINER = "\u200d"


def segments(body: str, reference: int, *, wide: bool = False) -> tuple[Piece, ...]:
    """The parts of a text: in GSM 7-bit if that can say it, else in UCS2.

    No part begins inside an escape sequence or a surrogate pair, nor inside an emoji of several
    characters where that costs no further part.

    Arguments:
        body: CR LF becomes LF; half a character becomes U+FFFD.
        reference: 0 to 255, the same in all parts of the text.
        wide: in UCS2 in any case.

    Raises:
        ValueError: it has more than 255 parts.
    """
    text, coding = _read(body)
    coding = "ucs2" if wide else coding
    parts = _parts(text, coding)
    if len(parts) > MOST_PARTS:
        raise ValueError(f"the text has {len(parts)} parts, and {MOST_PARTS} are the most")
    if len(parts) == 1:
        return (Piece(text, coding),)
    return tuple(
        Piece(part, coding, bytes((5, 0, 3, reference, len(parts), number)))
        for number, part in enumerate(parts, 1)
    )


def count_parts(body: str) -> int:
    """How many parts a text has, as a phone counts them; more than 255 too."""
    return len(_parts(*_read(body)))


def _read(body: str) -> tuple[str, Coding]:
    text = whole(body.replace("\r\n", "\n"))
    return text, "gsm7" if is_gsm7(text) else "ucs2"


def _parts(text: str, coding: Coding) -> list[str]:
    units = septets(text) if coding == "gsm7" else len(text.encode("utf-16-be")) // 2
    if units <= _SINGLE[coding]:
        return [text]
    if coding == "gsm7":
        return _cut(text, coding, kindly=False)
    kindest = _cut(text, coding, kindly=True)
    if _OF_MANY[coding] * (len(kindest) - 1) < units:
        return kindest  # fewer cannot hold it
    return min(kindest, _cut(text, coding, kindly=False), key=len)


def _cut(text: str, coding: Coding, *, kindly: bool) -> list[str]:
    """kindly: not inside what is shown as one character, unless it fills a part by itself."""
    parts = []
    start = 0
    while start < len(text):
        cut = _reach(text, start, coding)
        kinder = cut
        while kindly and start < kinder < len(text) and _belongs(text, start, kinder):
            kinder -= 1
        cut = kinder if kinder > start else cut
        parts.append(text[start:cut])
        start = cut
    return parts


def _reach(text: str, start: int, coding: Coding) -> int:
    """How far a part reaches that begins at `start`."""
    limit = _OF_MANY[coding]
    end = min(start + limit, len(text))
    doubles = [found.start() for found in _DOUBLE[coding].finditer(text, start, end)]
    while end - start + bisect_left(doubles, end) > limit:
        end -= 1
    return end


def _belongs(text: str, start: int, at: int) -> bool:
    """Whether the character at `at` is shown as one with those before it, from `start` on."""
    sign, before = text[at], text[at - 1]
    return (
        _ZERO_WIDTH_JOINER in (sign, before)
        or unicodedata.category(sign)[0] == "M"
        or "\U0001f3fb" <= sign <= "\U0001f3ff"  # colours of skin
        or "\U000e0020" <= sign <= "\U000e007f"  # flags of regions
        or (_is_flag_half(sign) and _flag_halves(text, start, at) % 2 == 1)
    )


def _is_flag_half(sign: str) -> bool:
    return "\U0001f1e6" <= sign <= "\U0001f1ff"


def _flag_halves(text: str, start: int, end: int) -> int:
    first = end
    while first > start and _is_flag_half(text[first - 1]):
        first -= 1
    return end - first
