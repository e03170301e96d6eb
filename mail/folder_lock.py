"""Locks a voicemail folder as Asterisk does, so that the two never change it at once.

Source: ast_lock_path() in Asterisk's main/app.c. Asterisk waits five seconds for a lock; then it
throws away the message that a caller just left. So nothing here holds one for long.
"""

from __future__ import annotations

import fcntl
import os
import re
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Protocol

import structlog

from mail.errors import MailError

PATIENCE = 5.0  # seconds, as Asterisk's own
_SECOND_LOCK = 0.5  # seconds that one lock is held while we wait for another
_LOOK_AGAIN = 0.002  # seconds
_OURS = b"voxpost\n"
_TRIAL = ".voxpost-"
_OPTION = re.compile(r"^\s*lockmode\s*=>?\s*(\w+)", re.IGNORECASE | re.MULTILINE)


class LockMode(StrEnum):
    """`lockmode` in asterisk.conf."""

    LOCKFILE = "lockfile"
    """A file `.lock`; who dies leaves it behind. Asterisk's default."""
    FLOCK = "flock"
    """flock(2) on a file `lock`; the kernel takes it from who dies."""


class FolderBusy(MailError):
    """Somebody else holds a folder's lock."""


class Disk(Protocol):
    """The system calls that change a mailbox. A test stops them at any of them."""

    def create(self, file: Path) -> int: ...

    def link(self, source: Path, target: Path) -> None: ...

    def rename(self, source: Path, target: Path) -> None: ...

    def unlink(self, file: Path) -> None: ...


class RealDisk:
    """The file system itself."""

    def create(self, file: Path) -> int:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        return os.open(file, flags, 0o666)

    def link(self, source: Path, target: Path) -> None:
        os.link(source, target, follow_symlinks=False)

    def rename(self, source: Path, target: Path) -> None:
        source.rename(target)

    def unlink(self, file: Path) -> None:
        file.unlink()


def lock_mode(config_dir: Path) -> LockMode:
    """What asterisk.conf says; its default where it says nothing or cannot be read."""
    try:
        text = (config_dir / "asterisk.conf").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return LockMode.LOCKFILE
    found = _OPTION.findall(text)
    return LockMode.FLOCK if found and found[-1].lower() == "flock" else LockMode.LOCKFILE


class FolderLocks:
    """Takes locks of folders.

    Arguments:
        patience: seconds to wait for a folder that is locked.
        clock: seconds that only ever grow.
    """

    def __init__(
        self,
        mode: LockMode,
        disk: Disk,
        *,
        patience: float = PATIENCE,
        clock: Callable[[], float] = time.monotonic,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._take = _lock_by_file if mode is LockMode.LOCKFILE else _lock_by_flock
        self._disk = disk
        self._patience = patience
        self._clock = clock
        self._pause = pause

    @contextmanager
    def held(self, *folders: Path) -> Iterator[None]:
        """Hold the locks of folders. Name them in Asterisk's order: a source before its target.

        Raises:
            FolderBusy: somebody held one all the time.
            OSError: we may not lock there.
        """
        until = self._clock() + self._patience
        while (stack := self._try(folders, until)) is None:
            self._pause(_LOOK_AGAIN)
        with stack:
            yield

    def _try(self, folders: tuple[Path, ...], until: float) -> ExitStack | None:
        with ExitStack() as stack:
            try:
                for folder in folders:
                    first = folder is folders[0]
                    limit = until if first else min(until, self._clock() + _SECOND_LOCK)
                    self._wait(stack, folder, limit)
            except FolderBusy:
                if self._clock() >= until:
                    raise
                return None
            return stack.pop_all()

    def _wait(self, stack: ExitStack, folder: Path, until: float) -> None:
        while not self._take(stack, folder, self._disk):
            if self._clock() >= until:
                raise FolderBusy(_who_holds(folder))
            self._pause(_LOOK_AGAIN)


def _lock_by_file(stack: ExitStack, folder: Path, disk: Disk) -> bool:
    """Link a file of our own to `.lock`; the kernel's lock on it tells whether we still live."""
    lock = folder / ".lock"
    if not _free(lock, disk):
        return False
    trial = folder / f"{_TRIAL}{secrets.token_hex(4)}"
    with ExitStack() as own:
        handle = disk.create(trial)
        own.callback(os.close, handle)
        try:
            os.write(handle, _OURS)
            fcntl.flock(handle, fcntl.LOCK_EX)
            disk.link(trial, lock)
        except FileExistsError:
            return False
        finally:
            disk.unlink(trial)
        own.callback(disk.unlink, lock)
        stack.push(own.pop_all())
    return True


def _lock_by_flock(stack: ExitStack, folder: Path, disk: Disk) -> bool:
    """flock(2) on `lock`, which is removed when it is given back."""
    lock = folder / "lock"
    flags = os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        handle = os.open(lock, flags, 0o660)
    except PermissionError:
        if lock.exists():
            return False  # Asterisk makes it for its own user alone, and removes it afterwards
        raise
    with ExitStack() as own:
        own.callback(os.close, handle)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if not _same(handle, lock):
                return False
        except BlockingIOError:
            return False
        own.callback(disk.unlink, lock)
        stack.push(own.pop_all())
    return True


def left_behind(folder: Path) -> bool:
    """Whether a voxpost that died left a lock in a folder."""
    with ExitStack() as stack:
        return any(_dead(file, stack) for file in (folder / ".lock", *folder.glob(f"{_TRIAL}*")))


def sweep_locks(folder: Path, disk: Disk) -> None:
    """Remove what a voxpost that died left of its locks: Asterisk would wait, and lose messages."""
    for file in (folder / ".lock", *folder.glob(f"{_TRIAL}*")):
        _free(file, disk)


def _free(lock: Path, disk: Disk) -> bool:
    """Whether nobody holds a lock any more; one whose holder is dead is removed."""
    if not os.path.lexists(lock):
        return True
    with ExitStack() as stack:
        if not _dead(lock, stack):
            return False
        disk.unlink(lock)
        structlog.get_logger(part="mailbox").warning("dead lock removed", file=str(lock))
        return True


def _dead(lock: Path, stack: ExitStack) -> bool:
    """Whether it is a voxpost's whose process is gone; then nobody else removes it meanwhile."""
    try:
        handle = os.open(lock, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        stack.callback(os.close, handle)
        if not lock.name.startswith(_TRIAL) and os.read(handle, len(_OURS) + 1) != _OURS:
            return False
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return _same(handle, lock)
    except OSError:
        return False


def _same(handle: int, file: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(handle), file.lstat())
    except FileNotFoundError:
        return False


def _who_holds(folder: Path) -> str:
    """What a person can do about a lock that does not end."""
    lock = folder / ".lock"
    try:
        age = f" since {time.time() - lock.lstat().st_mtime:.0f} s"
    except OSError:
        age, lock = "", folder
    return (
        f"{lock} is locked{age}. If that does not end, Asterisk died there and left its lock: it "
        "then loses every message left in that folder. Remove the file while nobody listens to "
        "that mailbox."
    )
