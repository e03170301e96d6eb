"""Several files exchanged as one: backed up, written beside, renamed, and put back if need be.

A crash at any moment leaves each file either old or new and whole, and the backup complete.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path

from dialplan_templates.compare import FileChange
from dialplan_templates.errors import AnotherApply, CannotWrite
from dialplan_templates.mark import State, state_of
from dialplan_templates.writing import sync_folder, write_beside

BACKUPS = "voxpost-backup"
_MANIFEST = "manifest.json"
_UNFINISHED = "unfinished"
_KEEP = 10


class FileTransaction:
    """The exchange of some files of one folder.

    Arguments:
        config_dir: Asterisk's configuration folder.
        now: names the backup's folder.
    """

    def __init__(self, config_dir: Path, changes: Sequence[FileChange], now: datetime) -> None:
        self._dir = config_dir
        self._changes = tuple(changes)
        self.backup = config_dir / BACKUPS / now.strftime("%Y%m%dT%H%M%S.%f")

    def begin(self) -> None:
        """Back up and write. If a file cannot be written, none is changed.

        Raises:
            CannotWrite: names the file and what to do.
        """
        beside: list[tuple[Path, Path]] = []
        try:
            self._back_up()
            for change in self._changes:
                file = self._dir / change.name
                temporary = file.with_name(f".{file.name}.voxpost-new")
                beside.append((temporary, file))
                write_beside(temporary, file, change.new)
            for temporary, file in beside:
                temporary.replace(file)
            sync_folder(self._dir)
        except OSError as error:
            for temporary, _ in beside:
                with suppress(OSError):
                    temporary.unlink(missing_ok=True)
            with suppress(OSError):
                self.put_back()
            raise CannotWrite(
                f"{error.filename or self._dir}: {error.strerror}. Run this as a user that may "
                f"write {self._dir} and give files to Asterisk's group. Nothing was changed."
            ) from error

    def put_back(self) -> None:
        """Every file as it was before; one that was not there is removed again.

        Raises:
            OSError: a file cannot be put back; the others are.
        """
        failed: OSError | None = None
        for change in self._changes:
            try:
                self._put_back_one(change)
            except OSError as error:
                failed = failed or error
        if failed is not None:
            raise failed
        self.finish()

    def finish(self) -> None:
        """The exchange is over: the files that stand are those that Asterisk has read."""
        sync_folder(self._dir)
        _unfinished(self._dir).unlink(missing_ok=True)

    def _put_back_one(self, change: FileChange) -> None:
        file = self._dir / change.name
        if change.old is None:
            file.unlink(missing_ok=True)
        elif file.read_bytes() != change.old:
            temporary = file.with_name(f".{file.name}.voxpost-old")
            write_beside(temporary, self.backup / change.name, change.old)
            temporary.replace(file)

    def _back_up(self) -> None:
        self.backup.parent.mkdir(mode=0o700, exist_ok=True)
        self.backup.mkdir(mode=0o700)
        for change in self._changes:
            if change.old is not None:
                copy = self.backup / change.name
                write_beside(copy, self._dir / change.name, change.old)
        existed = {change.name: change.old is not None for change in self._changes}
        with (self.backup / _MANIFEST).open("w") as manifest:
            json.dump({"existed": existed}, manifest, indent=2)
            manifest.flush()
            os.fsync(manifest.fileno())
        sync_folder(self.backup)
        _unfinished(self._dir).write_text(self.backup.name)
        sync_folder(self.backup.parent)


def forget_old_backups(config_dir: Path) -> None:
    """Keep the last ten backups."""
    folders = sorted(path for path in (config_dir / BACKUPS).iterdir() if path.is_dir())
    for folder in folders[:-_KEEP]:
        shutil.rmtree(folder, ignore_errors=True)


def recover(config_dir: Path) -> None:
    """After a crash in the middle of an exchange: the old files again, as Asterisk knows them.

    What a person changed since stays. Without this the next apply would see new files, and never
    reload them.
    """
    marker = _unfinished(config_dir)
    if not marker.exists():
        return
    backup = marker.with_name(marker.read_text().strip() or "-")
    with suppress(FileNotFoundError, KeyError, ValueError):  # it never came so far
        existed: dict[str, bool] = json.loads((backup / _MANIFEST).read_bytes())["existed"]
        for name, was_there in existed.items():
            file = config_dir / name
            if not file.exists() or state_of(file.read_bytes()) is not State.OURS:
                continue
            if was_there:
                temporary = file.with_name(f".{name}.voxpost-old")
                write_beside(temporary, backup / name, (backup / name).read_bytes())
                temporary.replace(file)
            else:
                file.unlink()
    sync_folder(config_dir)
    marker.unlink(missing_ok=True)


def _unfinished(config_dir: Path) -> Path:
    return config_dir / BACKUPS / _UNFINISHED


@contextmanager
def one_at_a_time(config_dir: Path) -> Iterator[None]:
    """Hold the folder's lock.

    Raises:
        AnotherApply: another process holds it.
        CannotWrite: the folder cannot be written.
    """
    try:
        (config_dir / BACKUPS).mkdir(mode=0o700, exist_ok=True)
        lock = (config_dir / BACKUPS / "lock").open("w")
    except OSError as error:
        raise CannotWrite(
            f"{config_dir}: {error.strerror}. Run this as a user that may write there."
        ) from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AnotherApply(f"{config_dir}: another apply is running. Wait for it.") from None
        yield
