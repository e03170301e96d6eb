"""A whole file written durably, for the same readers as another file."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

# Passwords stand in these files: their owner writes, Asterisk's group reads.
_MODE = 0o640


def write_beside(temporary: Path, like: Path, content: bytes) -> None:
    """Write and fsync a file.

    Arguments:
        like: its owner, group and mode are taken, the mode without rights for everybody; where
            there is no such file, those of its folder with mode 640.

    Raises:
        OSError: it cannot be written, or not be given to that group.
    """
    with suppress(FileNotFoundError):
        temporary.unlink()
    there = like.exists()
    model = like.stat() if there else like.parent.stat()
    mode = model.st_mode & _MODE if there else _MODE
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as stream:
        mine = os.fstat(descriptor)
        if (mine.st_uid, mine.st_gid) != (model.st_uid, model.st_gid):
            _give_to(descriptor, model)
        os.fchmod(descriptor, mode | 0o600)
        stream.write(content)
        stream.flush()
        os.fsync(descriptor)


def _give_to(descriptor: int, model: os.stat_result) -> None:
    try:
        os.fchown(descriptor, model.st_uid, model.st_gid)
    except PermissionError:
        # Not root: Asterisk reads through the group then.
        os.fchown(descriptor, -1, model.st_gid)


def sync_folder(folder: Path) -> None:
    """Make the renames in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
