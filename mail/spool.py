"""voxpost's own spool: recordings that are still to be delivered, safe from the telephone.

A recording is taken by hard link where the file system allows it, else by copy. Either way it is
on disk before anybody is told that it is ours.
"""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Iterable
from pathlib import Path

_YOUNG = 3600.0  # seconds


class Spool:
    """A folder of recordings. All methods block for the time of a few file operations."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def prepare(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o770)

    def path(self, name: str) -> Path:
        return self._folder / name

    def secure(self, audio: Path) -> str:
        """Take a recording, under a name that only this taking has; returns the name.

        Raises:
            OSError: no room, no right to read, or the recording is gone.
        """
        name = secrets.token_hex(16) + audio.suffix
        taken = self._folder / name
        try:
            try:
                os.link(audio, taken)
            except FileNotFoundError:
                raise
            except OSError:
                # Another file system, or not our file (fs.protected_hardlinks).
                shutil.copyfile(audio, taken)
            _sync(taken)
            _sync(self._folder)
        except BaseException:
            taken.unlink(missing_ok=True)
            raise
        return name

    def same_file(self, name: str, audio: Path) -> bool:
        """Whether what we took is still what lies at `audio`: renumbering moves files about."""
        try:
            ours, theirs = self.path(name).stat(), audio.stat()
        except FileNotFoundError:
            return False
        return os.path.samestat(ours, theirs) or (
            ours.st_size == theirs.st_size and theirs.st_mtime <= ours.st_mtime
        )

    def remove(self, name: str) -> None:
        self.path(name).unlink(missing_ok=True)

    def clean(self, in_use: Iterable[str], now: float) -> int:
        """Remove what no entry needs: left by a crash between two steps. Returns how many.

        What is younger than an hour stays: a script that runs as a process may have taken it and
        be about to write its row.
        """
        wanted = set(in_use)
        removed = 0
        for file in self._folder.iterdir():
            if file.name not in wanted and now - file.stat().st_ctime > _YOUNG:
                file.unlink(missing_ok=True)
                removed += 1
        return removed


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
