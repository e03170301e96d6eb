"""Moves and deletes voicemail by its files, under Asterisk's own locks.

For Asterisk 16, whose manager cannot do it. What app_voicemail does is done here in an order that
a crash at any step leaves mendable: see mail/numbered.py. Nobody may listen to the mailbox by
telephone meanwhile: Asterisk remembers by number what was heard and what is to be deleted.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from weakref import WeakValueDictionary

from mail.aftercare import MailboxBusy, MailboxUnable
from mail.folder_lock import (
    PATIENCE,
    Disk,
    FolderBusy,
    FolderLocks,
    LockMode,
    RealDisk,
    left_behind,
    lock_mode,
    sweep_locks,
)
from mail.numbered import (
    LAST_NUMBER,
    TEXT,
    Place,
    carry,
    close_gaps,
    endings,
    has_gaps,
    mend,
    named,
    next_number,
    remove,
    torn,
)
from mail.recordings import NEW_FOLDERS, mailbox_folder, read_recording
from pbx.model import Site
from pbx.numbers import Mailbox

_ORDER = ("Urgent", "INBOX", "Old")
"""As Asterisk locks two folders: the one that a message leaves, then the one that it goes to."""
_NO_FOLDERS = ("tmp", "Deleted")
_AT_A_TIME = 0.5  # seconds that a long renumbering holds a lock; Asterisk waits for five
_BREATH = 0.02  # seconds between, for Asterisk to take it
_LOOKS = 3  # a message may be moved by telephone between finding and locking it
_FULL = "Delete some there by telephone."
_RIGHTS = (
    "Asterisk's group must be able to write the voicemail spool: see docs/voicemail-by-files.md"
)


@dataclass(frozen=True, slots=True)
class MailboxFolders:
    """One mailbox's folders. All methods block, for as long as Asterisk holds a lock.

    Arguments:
        box: SPOOL/voicemail/CONTEXT/NUMBER.
        max_messages: `maxmsg` of the mailbox: what one folder holds.
    """

    box: Path
    where: Mailbox
    max_messages: int
    locks: FolderLocks
    disk: Disk
    clock: Callable[[], float] = time.monotonic
    pause: Callable[[float], None] = time.sleep

    def move(self, msg_id: str, sources: tuple[str, ...], target: str) -> None:
        """Bring a message to the end of another folder; one that is in none of `sources` stays.

        Raises:
            MailboxUnable: the other folder is full.
            FolderBusy, OSError: not now.
        """

        def act(folder: Path, number: int) -> None:
            goal = self.box / target
            if self._room(goal) <= 0:
                close_gaps(self.disk, goal, self._for_a_while())
                if self._room(goal) <= 0:
                    raise MailboxUnable(f"the folder {target} of {self.where} is full. {_FULL}")
            found = endings(folder)[number]
            carry(self.disk, (folder, number), (goal, next_number(goal)), found)

        self._prepare(target)
        self._do(msg_id, sources, act, target)

    def delete(self, msg_id: str) -> None:
        """Delete a message from whichever folder it is in.

        Raises:
            FolderBusy, OSError: not now.
        """

        def act(folder: Path, number: int) -> None:
            remove(self.disk, (folder, number), endings(folder)[number])

        others = (it.name for it in self.box.glob("*/") if it.name not in (*_ORDER, *_NO_FOLDERS))
        self._do(msg_id, (*_ORDER, *sorted(others)), act)

    def heal(self) -> bool:
        """Finish what a voxpost that died had begun; whether there was anything.

        Numbers nothing anew: somebody may listen. Asterisk takes gaps, and closes them as well.
        """
        folders = self._folders()
        if not torn(folders) and not any(left_behind(folder) for folder in folders):
            return False
        with self.locks.held(*folders):
            mend(self.disk, folders)
        for folder in folders:
            sweep_locks(folder, self.disk)
        return True

    def _do(
        self,
        msg_id: str,
        sources: tuple[str, ...],
        act: Callable[[Path, int], None],
        target: str | None = None,
    ) -> None:
        """Act on a message under the locks of its folder and of the one that it goes to."""
        self.heal()
        for _ in range(_LOOKS):
            place = self._find(msg_id, sources)
            if place is None:
                break
            goal = () if target is None else (self.box / target,)
            with self.locks.held(*sorted((place[0], *goal), key=_in_order)):
                if not self._is(place, msg_id):
                    continue
                act(*place)
                close_gaps(self.disk, place[0], self._for_a_while())
                break
        else:
            raise FolderBusy(f"message {msg_id} of {self.where} does not lie still")
        self._close_gaps()

    def _close_gaps(self) -> None:
        """Renumber the rest, in pieces between which Asterisk has its turn."""
        for folder in self._folders():
            while has_gaps(folder):
                self.pause(_BREATH)
                with self.locks.held(folder):
                    close_gaps(self.disk, folder, self._for_a_while())

    def _find(self, msg_id: str, folders: tuple[str, ...]) -> Place | None:
        for name in folders:
            folder = self.box / name
            for number, found in sorted(endings(folder).items()):
                if TEXT in found and self._is((folder, number), msg_id):
                    return folder, number
        return None

    def _is(self, place: Place, msg_id: str) -> bool:
        recording = read_recording(named(*place, TEXT), self.where)
        return recording is not None and recording.msg_id == msg_id

    def _folders(self) -> list[Path]:
        return [folder for name in _ORDER if (folder := self.box / name).is_dir()]

    def _room(self, folder: Path) -> int:
        return min(self.max_messages, LAST_NUMBER + 1) - next_number(folder)

    def _for_a_while(self) -> Callable[[], bool]:
        until = self.clock() + _AT_A_TIME
        return lambda: self.clock() < until

    def _prepare(self, name: str) -> None:
        """Make a folder as Asterisk would: with the rights and the owner of its neighbour."""
        folder = self.box / name
        model = next((it for it in self._folders() if it != folder), None)
        if folder.is_dir() or model is None:
            return
        facts = model.stat()
        folder.mkdir(exist_ok=True)
        folder.chmod(facts.st_mode & 0o7777)
        with suppress(PermissionError):
            os.chown(folder, facts.st_uid, facts.st_gid)


class MailboxFiles:
    """MailboxActions by files (see mail/aftercare.py).

    Arguments:
        site: called for the site file as it is now.
        refresh: has Asterisk count a mailbox anew, so that the telephone's lamp follows.
        patience: seconds to wait for a folder that is locked.
    """

    def __init__(
        self,
        site: Callable[[], Site],
        refresh: Callable[[str], Awaitable[None]],
        *,
        disk: Disk | None = None,
        patience: float = PATIENCE,
    ) -> None:
        self._site = site
        self._refresh = refresh
        self._disk = RealDisk() if disk is None else disk
        self._patience = patience
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def mark_heard(self, mailbox: str, msg_id: str) -> None:
        """Move a new message to Old; one elsewhere was heard or filed, and stays."""
        await self._do(mailbox, lambda box: box.move(msg_id, NEW_FOLDERS, "Old"))

    async def mark_new(self, mailbox: str, msg_id: str) -> None:
        """Move a heard message back to INBOX."""
        await self._do(mailbox, lambda box: box.move(msg_id, ("Old",), "INBOX"))

    async def delete(self, mailbox: str, msg_id: str) -> None:
        """Delete a message from whichever folder it is in."""
        await self._do(mailbox, lambda box: box.delete(msg_id))

    async def heal(self) -> None:
        """Finish in every mailbox what a voxpost that died had begun.

        Best before anything else: Asterisk loses messages while a dead lock stands.

        Raises:
            MailboxBusy: one could not be mended; the others are.
        """
        site = self._site()
        boxes = [person.mailbox(site.voicemail.context) for person in site.people]
        troubles: list[MailboxBusy] = []
        for where in boxes:
            if where is not None:
                try:
                    with _explained(where):
                        await asyncio.to_thread(self._folders_of(site, _mode(site), where).heal)
                except MailboxBusy as trouble:
                    troubles.append(trouble)
        if troubles:
            raise troubles[0]

    async def _do(self, mailbox: str, act: Callable[[MailboxFolders], None]) -> None:
        site = self._site()
        async with self._turns.setdefault(mailbox, asyncio.Lock()):
            # Asterisk 16 tells only what differs from its last look, and its own news is no look:
            # a message that is left and deleted between two looks leaves the lamp on.
            await self._refresh(mailbox)
            with _explained(mailbox):
                folders = self._folders_of(site, _mode(site), Mailbox(mailbox))
                await asyncio.to_thread(act, folders)
        # Also where nothing was left to do, after a crash: the lamp may still have to follow.
        await self._refresh(mailbox)

    def _folders_of(self, site: Site, mode: LockMode, where: Mailbox) -> MailboxFolders:
        return MailboxFolders(
            box=mailbox_folder(site.asterisk.spool_dir, where),
            where=where,
            max_messages=site.voicemail.max_messages,
            locks=FolderLocks(mode, self._disk, patience=self._patience),
            disk=self._disk,
        )


def _in_order(folder: Path) -> int:
    return _ORDER.index(folder.name) if folder.name in _ORDER else len(_ORDER)


def _mode(site: Site) -> LockMode:
    return lock_mode(site.asterisk.config_dir)


@contextmanager
def _explained(mailbox: str) -> Iterator[None]:
    """Say what a person can do about it."""
    try:
        yield
    except PermissionError as error:
        raise MailboxBusy(f"cannot write {error.filename}. {_RIGHTS}") from error
    except (FolderBusy, OSError) as error:
        raise MailboxBusy(f"mailbox {mailbox}: {error}") from error
