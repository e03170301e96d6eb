"""The cells of a list: numbers as people and spreadsheets write them, and values."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

from sms.policy import Refusal

Read = Callable[[str], str | Refusal]
"""Reads a number as it was written: E.164, or why it gets no text."""

_LONGEST_FIELD = 500  # characters of one value; longer ones are no fields of a text
_AS_POWER = re.compile(r"\+?[0-9]+([.,][0-9]+)?[eE]\+?[0-9]+")
_AS_DECIMAL = re.compile(r"\+?[0-9]{6,}[.,]0{1,2}")
_TWO = re.compile(r".*[0-9] ?/ ?[0-9]{1,4}")
_WRITTEN = re.compile(r"[+0-9 ()./\u2010-\u2015\u00a0-]+")


def read_value(value: str) -> str:
    """A value on one line, without control characters."""
    kept = (it for it in value if it.isspace() or unicodedata.category(it) != "Cc")
    return " ".join("".join(kept).split())[:_LONGEST_FIELD].rstrip()


def read_cell(written: str, read: Read) -> str | Refusal:
    """The number that is meant; of Excel's ways to spoil one, those that cannot be undone."""
    bare = written.strip()
    if bare.startswith('="') and bare.endswith('"'):  # how it is kept from being spoilt
        bare = bare[2:-1]
    bare = bare.lstrip("'").strip()
    if not bare:
        return Refusal("bad-number", "the cell is empty")
    if _AS_POWER.fullmatch(bare):
        return Refusal(
            "bad-number",
            f"Excel wrote {bare[:40]} and lost the other digits; make the column Text, enter the "
            "number again, and save anew",
        )
    if _AS_DECIMAL.fullmatch(bare):
        return Refusal("bad-number", f"{bare[:40]} has decimals; make the column Text")
    if _TWO.fullmatch(bare):  # put together they would be a stranger's
        return Refusal("bad-number", f"{bare[:40]} is two numbers; give each a row of its own")
    if _WRITTEN.fullmatch(bare) is None:
        return Refusal("bad-number", bare[:40])
    return read(bare)
