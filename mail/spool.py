"""voxpost's own spool: recordings that are still to be delivered, safe from the telephone.

A recording is taken by hard link where the file system allows it, else by copy. Either way it is
on disk before anybody is told that it is ours.
"""

from __future__ import annotations

import errno
import filecmp
import os
import secrets
import shutil
import stat
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO

_YOUNG = 3600.0  # seconds


class Spool:
    """A folder of recordings. All methods block for the time of a few file operations."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def prepare(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o770)

    def path(self, name: str) -> Path:
        """Where a recording lies.

        Raises:
            FileNotFoundError: the name leads out of the spool.
        """
        if Path(name).name != name:
            raise FileNotFoundError(errno.ENOENT, "is no name of a recording", name)
        return self._folder / name

    def secure(self, audio: Path) -> str:
        """Take a recording, under a name that only this taking has; returns the name.

        Asterisk's user writes where `audio` lies: a link to somebody else's file, or a pipe that
        would hold us up, is not taken.

        Raises:
            OSError: no room, no right to read, no ordinary file, or the recording is gone.
        """
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        with os.fdopen(os.open(audio, flags), "rb") as source:
            facts = os.fstat(source.fileno())
            if not stat.S_ISREG(facts.st_mode):
                raise OSError(errno.EINVAL, "is no ordinary file", str(audio))
            name = secrets.token_hex(16) + audio.suffix
            taken = self._folder / name
            try:
                if not _linked(audio, taken, facts):
                    _copy(source, taken, facts)
                _sync(taken)
                _sync(self._folder)
            except BaseException:
                taken.unlink(missing_ok=True)
                raise
        return name

    def same_file(self, name: str, audio: Path) -> bool:
        """Whether what we took is still what lies at `audio`: renumbering moves files about."""
        taken = self.path(name)
        try:
            ours, theirs = taken.lstat(), audio.lstat()
            return os.path.samestat(ours, theirs) or (
                # A copy. Two messages may be of one length and one second: their sound tells.
                (ours.st_size, int(ours.st_mtime)) == (theirs.st_size, int(theirs.st_mtime))
                and stat.S_ISREG(theirs.st_mode)
                and filecmp.cmp(taken, audio, shallow=False)
            )
        except FileNotFoundError:
            return False

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


def _linked(audio: Path, taken: Path, facts: os.stat_result) -> bool:
    try:
        os.link(audio, taken, follow_symlinks=False)
    except FileNotFoundError:
        raise
    except OSError:
        return False  # another file system, or not our file (fs.protected_hardlinks)
    if not os.path.samestat(taken.lstat(), facts):
        raise FileNotFoundError(errno.ENOENT, "moved meanwhile", str(audio))
    return True


def _copy(source: BinaryIO, taken: Path, facts: os.stat_result) -> None:
    """Copy, times included: by them the copy is known for what it is of."""
    with taken.open("xb") as copy:
        shutil.copyfileobj(source, copy)
    os.utime(taken, ns=(facts.st_atime_ns, facts.st_mtime_ns))


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
