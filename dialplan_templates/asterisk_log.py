"""What Asterisk wrote into its log about a configuration since we looked.

Asterisk skips a line that it does not understand with a warning, and reports success: the log is
where the truth stands.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

# `messages` as we configure it, `full` and the names with .log as distributions do.
LOG_NAMES = ("messages", "messages.log", "full", "full.log")

# A complaint about a call carries the call's number: "WARNING[77][C-00000001] file.c: ...".
_COMPLAINT = re.compile(r"\b(?:WARNING|ERROR)\[\d+\](?!\[C-):? (?P<source>\w+\.c)\b(?P<words>.*)$")
_MOST_BYTES = 4_000_000


class AsteriskLog:
    """The log files in one folder, read from where they ended when this was made."""

    def __init__(self, log_dir: Path) -> None:
        self._files = [log_dir / name for name in LOG_NAMES]
        self._offsets = {file: _size(file) for file in self._files}

    @property
    def readable(self) -> bool:
        """Whether there is a log at all that this program may read."""
        return any(_read(file, _size(file)) is not None for file in self._files)

    def complaints(self, sources: Iterable[str]) -> tuple[str, ...]:
        """Warnings and errors since then, without repeats: "file.c: what it says".

        Arguments:
            sources: names of C files, by their beginning.
        """
        wanted = tuple(sources)
        found: dict[str, None] = {}
        for file, offset in self._offsets.items():
            # A log that was rotated meanwhile is read from its start.
            begin = offset if _size(file) >= offset else 0
            for line in (_read(file, begin) or b"").decode(errors="replace").splitlines():
                match = _COMPLAINT.search(line)
                if match is not None and match["source"].startswith(wanted):
                    found[f"{match['source']}{match['words']}"] = None
        return tuple(found)


def _size(file: Path) -> int:
    try:
        return file.stat().st_size
    except OSError:
        return 0


def _read(file: Path, offset: int) -> bytes | None:
    try:
        with file.open("rb") as stream:
            stream.seek(offset)
            return stream.read(_MOST_BYTES)
    except OSError:
        return None
