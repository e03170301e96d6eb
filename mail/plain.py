"""Text from strangers, made fit for a header, a page or a report."""

from __future__ import annotations

import unicodedata

HEADER_WORD = 40
"""Characters of a value in a header of ours."""
# Joins the parts of an emoji and of Arabic or Indic letters; every other format character goes.
_JOINERS = frozenset("\u200c\u200d")
# First-strong isolate and its end (UAX #9): what is inside cannot reorder what is outside.
_ISOLATE, _END = "\u2068", "\u2069"
_ELLIPSIS = "…"
# Embeddings, overrides and isolates (UAX #9): they turn around what is not theirs.
_TURNS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def plain(text: str, limit: int) -> str:
    """One line of printable text: no control, direction or half characters, blanks joined.

    limit: characters at most; a longer text ends in an ellipsis.
    """
    kept = text[: limit * 10]  # so that a huge text costs no more than a long one
    if not (kept.isascii() and kept.isprintable()):
        kept = "".join(_keep(character) for character in kept)
    # email.message would decode "=?utf-8?q?=0D=0A…?=", line break and all (RFC 2047).
    line = " ".join(kept.split()).replace("=?", "= ?")
    return line if len(line) <= limit else line[: limit - 1].rstrip() + _ELLIPSIS


def plain_lines(text: str, limit: int) -> str:
    """Text as its writer broke it into lines, ended by \\n: no control or direction characters.

    More is kept than in one line: emoji that are newer than this Python, marks of direction. Half
    characters become U+FFFD.

    limit: characters at most; a longer text ends in an ellipsis.
    """
    if len(text) > limit:
        text = text[: limit - 1] + _ELLIPSIS
    if not text.isascii():
        text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    lines = ("".join(filter(_stays, line)).rstrip() for line in text.expandtabs(4).splitlines())
    return "\n".join(lines).strip("\n")


def isolated(text: str) -> str:
    """The text itself, or wrapped so that right-to-left letters leave their surroundings alone."""
    if not text.isascii() and any(
        unicodedata.bidirectional(character) in {"R", "AL", "AN"} for character in text
    ):
        return f"{_ISOLATE}{text}{_END}"
    return text


def ascii_only(text: str, limit: int) -> str:
    """Printable ASCII without blanks: what is safe in a header of ours or a file name."""
    kept = (character for character in text[: limit * 10] if "!" <= character <= "~")
    return "".join(kept)[:limit]


def _stays(character: str) -> bool:
    return character not in _TURNS and unicodedata.category(character) != "Cc"


def _keep(character: str) -> str:
    if character in _JOINERS:
        return character
    category = unicodedata.category(character)
    if category.startswith("Z") or category == "Cc":
        return " "
    return "" if category.startswith("C") else character
