"""The alphabets of texts: GSM 7-bit with its extension table, and UCS2 (3GPP TS 23.038)."""

from __future__ import annotations

import re
from codecs import charmap_decode
from collections.abc import Mapping

ESCAPE = 0x1B
DEFAULT = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
"""The default alphabet, 6.2.1. What stands at 0x1B is the escape to the extension table."""
EXTENSION: Mapping[int, str] = {
    0x0A: "\f",
    0x14: "^",
    0x28: "{",
    0x29: "}",
    0x2F: "\\",
    0x3C: "[",
    0x3D: "~",
    0x3E: "]",
    0x40: "|",
    0x65: "€",
}
"""The extension table, 6.2.1.1."""
EXTENDED = frozenset(EXTENSION.values())
"""The characters that cost two septets."""

_ALL = frozenset(DEFAULT.replace("\x1b", "")) | EXTENDED
_TO_SEPTETS = {ord(sign): chr(code) for code, sign in enumerate(DEFAULT)} | {
    ord(sign): chr(ESCAPE) + chr(code) for code, sign in EXTENSION.items()
}
_HALVES = re.compile("[\ud800-\udfff]")


def is_gsm7(text: str) -> bool:
    """Whether the default alphabet and its extension table hold all of the text."""
    return _ALL.issuperset(text)


def septets(text: str) -> int:
    """How many septets a text of the default alphabet costs."""
    return len(text.translate(_TO_SEPTETS))


def encode_gsm7(text: str) -> bytes:
    """The septets of a text, an octet each, not packed.

    Raises:
        ValueError: a character is not in the alphabet.
    """
    if not is_gsm7(text):
        strange = next(sign for sign in text if sign not in _ALL)
        raise ValueError(f"{strange!r} is not in the GSM alphabet")
    return text.translate(_TO_SEPTETS).encode("ascii")


def decode_gsm7(
    codes: bytes, alphabet: str = DEFAULT, extension: Mapping[int, str] = EXTENSION
) -> str:
    """The text of septets, an octet each.

    An escape to a character that is not known shows the one of the alphabet itself; an escape
    before another, or before nothing, shows a blank (6.2.1.1).

    Arguments:
        alphabet: 128 characters, and extension: what comes after an escape; of a national language.
    """
    codes = codes.translate(_SEVEN_BITS)
    if ESCAPE not in codes:
        return charmap_decode(codes, "strict", alphabet)[0]
    head, *tails = codes.replace(b"\x1b\x1b", b"\x1b\x20").split(b"\x1b")
    signs = [charmap_decode(head, "strict", alphabet)[0]]
    for tail in tails:
        known = extension.get(tail[0]) if tail else " "
        signs.append(known or alphabet[tail[0]])
        signs.append(charmap_decode(tail[1:], "strict", alphabet)[0])
    return "".join(signs)


def pack(codes: bytes, fill: int = 0) -> bytes:
    """Septets as they travel, the first in the lowest bits (6.1.2.1.1).

    fill: bits, all 0, before the first one.
    """
    bits = 0
    for code in reversed(codes):
        bits = bits << 7 | code
    return (bits << fill).to_bytes((7 * len(codes) + fill + 7) // 8, "little")


def unpack(octets: bytes, count: int, fill: int = 0) -> bytes:
    """`count` septets, or as many as there are. fill: bits to skip before the first one."""
    bits = int.from_bytes(octets, "little") >> fill
    count = max(0, min(count, (8 * len(octets) - fill) // 7))
    return bytes([bits >> at & 0x7F for at in range(0, 7 * count, 7)])


def encode_ucs2(text: str) -> bytes:
    """A text in UTF-16BE, surrogate pairs included."""
    return whole(text).encode("utf-16-be")


def decode_ucs2(octets: bytes) -> str:
    """A text from UTF-16BE; half a character becomes U+FFFD, an odd octet at the end goes."""
    return octets[: len(octets) & ~1].decode("utf-16-be", "replace")


def whole(text: str) -> str:
    """The text without lone surrogates, so that it can be encoded: U+FFFD stands for them."""
    if _HALVES.search(text) is None:
        return text
    return decode_ucs2(text.encode("utf-16-be", "surrogatepass"))


_SEVEN_BITS = bytes(code & 0x7F for code in range(256))
