"""Finds the line of a TOML file that a key stands on, for error messages.

The standard parser keeps no positions. This reads only what a site file uses: tables, arrays of
tables and keys at a line's start; where it cannot tell, the table's own line is the answer.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

_HEADER = re.compile(r"^\s*(\[\[?)([^\[\]]+)\]\]?\s*(?:#.*)?$")
_PART = r"""(?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*')"""
_KEY = re.compile(rf"^\s*({_PART}(?:\s*\.\s*{_PART})*)\s*=")
_PARTS = re.compile(_PART)

Path = tuple[str | int, ...]


class Lines:
    """Where the keys of one text stand."""

    def __init__(self, text: str) -> None:
        self._lines: dict[Path, int] = {}
        self._counts: dict[Path, int] = {}
        self._read(text)

    def of(self, location: Sequence[str | int]) -> int | None:
        """The 1-based line of the longest part of `location` that can be found, or None."""
        path: Path = tuple(location)
        while path:
            if path in self._lines:
                return self._lines[path]
            path = path[:-1]
        return None

    def _read(self, text: str) -> None:
        table: Path = ()
        for number, line in enumerate(text.split("\n"), start=1):
            if header := _HEADER.match(line):
                table = self._enter(_split(header[2]), is_array=header[1] == "[[")
                self._note(table, number)
            elif key := _KEY.match(line):
                path: Path = (*table, *_split(key[1]))
                for length in range(len(table) + 1, len(path) + 1):
                    self._note(path[:length], number)

    def _enter(self, names: list[str], *, is_array: bool) -> Path:
        """The table that a header opens: below the last element of each array on its way."""
        path: Path = ()
        for position, name in enumerate(names, start=1):
            path = (*path, name)
            if is_array and position == len(names):
                self._counts[path] = self._counts.get(path, 0) + 1
            if path in self._counts:
                path = (*path, self._counts[path] - 1)
        return path

    def _note(self, path: Path, number: int) -> None:
        self._lines.setdefault(path, number)


def _split(name: str) -> list[str]:
    return [part.strip("\"'") for part in _PARTS.findall(name)]
