"""Base64 as e-mail carries it: lines of 76 characters (RFC 2045, 6.8), made block by block."""

from __future__ import annotations

from collections.abc import Iterator
from struct import Struct

from pybase64 import b64encode

_BYTES, _CHARACTERS = 57, 76  # of content, and of base64, in a line
# So many lines are made at a time: small enough to stay in the processor's cache.
_LINES = 512
_BLOCK = _BYTES * _LINES
_split = Struct(f"{_CHARACTERS}s" * _LINES).unpack


def length(size: int) -> int:
    """How many bytes `size` bytes of content take, line ends included, the last one too."""
    lines, rest = divmod(size, _BYTES)
    return lines * (_CHARACTERS + 2) + (-(-rest // 3) * 4 + 2 if rest else 0)


def blocks(content: bytes) -> Iterator[bytes]:
    """The lines, each ended by CRLF, some 40 kB at a time."""
    view = memoryview(content)
    whole = len(content) - len(content) % _BLOCK
    for start in range(0, whole, _BLOCK):
        lines = _split(b64encode(view[start : start + _BLOCK]))
        yield b"\r\n".join(lines) + b"\r\n"
    text = b64encode(view[whole:])
    lines = tuple(text[at : at + _CHARACTERS] for at in range(0, len(text), _CHARACTERS))
    if lines:
        yield b"\r\n".join(lines) + b"\r\n"
