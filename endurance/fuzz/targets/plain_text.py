"""Text from strangers, made fit for a line (mail/plain.py)."""

from __future__ import annotations

import unicodedata

from endurance.fuzz.draw import Draw, as_text
from endurance.fuzz.target import Target
from mail.plain import ascii_only, isolated, plain

_JOINERS = {"\u200c", "\u200d"}


def check_plain(data: bytes) -> None:
    """One line of printable text within its limit, which no decoder takes for more."""
    draw = Draw(data)
    limit = draw.number(200) + 1
    text = as_text(draw.rest())
    line = plain(text, limit)
    assert len(line) <= limit
    assert line == line.strip()
    assert "=?" not in line
    line.encode()
    for character in set(line) - _JOINERS:
        assert unicodedata.category(character)[0] not in "CZ" or character == " "
    assert plain(line, limit) == line
    wrapped = isolated(line)
    assert wrapped in (line, f"\u2068{line}\u2069")
    word = ascii_only(text, limit)
    assert len(word) <= limit
    assert all("!" <= character <= "~" for character in word)


TARGETS = (
    Target(
        "mail-plain",
        check_plain,
        1024,
        (
            b"=?utf-8?q?",
            b"?=",
            "\u202e".encode(),
            "\u2068".encode(),
            "👨\u200d👩".encode(),
            b"\r\n",
        ),
    ),
)
