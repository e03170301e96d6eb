"""Finds the line of a TOML file that a key stands on, for error messages.

The standard parser keeps no positions. This reads only what a site file uses: tables, arrays of
tables and keys at a line's start; where it cannot tell, the table's own line is the answer.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

_HEADER = re.compile(r"^\s*(\[\[?)\s*([^\]]+?)\s*\]\]?")
_KEY = re.compile(r"""^\s*["']?([A-Za-z0-9_-]+)["']?\s*(?:\.[^=]*)?=""")

Path = tuple[str | int, ...]


def line_of(text: str, location: Sequence[str | int]) -> int | None:
    """The 1-based line of the longest part of `location` that can be found, or None."""
    lines = _index(text)
    path: Path = tuple(location)
    while path:
        if path in lines:
            return lines[path]
        path = path[:-1]
    return None


def _index(text: str) -> dict[Path, int]:
    lines: dict[Path, int] = {}
    seen: Counter[str] = Counter()
    table: Path = ()
    for number, line in enumerate(text.splitlines(), start=1):
        if header := _HEADER.match(line):
            name = header[2]
            table = tuple(part.strip().strip("\"'") for part in name.split("."))
            if header[1] == "[[":
                table = (*table, seen[name])
                seen[name] += 1
            lines.setdefault(table, number)
            continue
        if key := _KEY.match(line):
            lines.setdefault((*table, key[1]), number)
    return lines
