"""The hand-over: the moment a voicemail becomes ours to deliver.

AGI, AMI and the sweep all call this, as often as they like: what is known is not taken twice.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterable, Sequence
from pathlib import Path
from weakref import WeakValueDictionary

import structlog

from ledger.entries import Entry, NewEntry, State
from ledger.facts import VoicemailFacts
from ledger.outbox import Outbox
from mail.errors import HandoverFailed
from mail.identity import message_id
from mail.recordings import (
    FOLDERS,
    Recording,
    count_new,
    list_folder,
    mailbox_folder,
    scan_mailbox,
)
from mail.securing import Gone, Securing
from mail.spool import Spool
from pbx.model import Site
from pbx.numbers import Mailbox
from pbx.people import Person

_BATCH = 50  # messages in one commit; an AGI script that runs out of time loses no more work
_STILL_NEW = 2 * 3600.0  # seconds; in a mailbox new to us, what is older is not mailed


class Handover:
    """Hands voicemail over to the outbox.

    Arguments:
        site: called for the site file as it is now; it may be reread.
        wake: called when there is something new to deliver.
        now: seconds since 1970.
    """

    def __init__(
        self,
        *,
        site: Callable[[], Site],
        outbox: Outbox,
        spool: Spool,
        now: Callable[[], float],
        wake: Callable[[], None] = lambda: None,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._site = site
        self._outbox = outbox
        self._spool = spool
        self._now = now
        self._wake = wake
        self._securing = Securing(spool, pause)
        self._swept: dict[Path, float] = {}
        self._adopted: set[str] | None = None
        self._secured: dict[str, str] = {}
        self._locks: WeakValueDictionary[Mailbox, asyncio.Lock] = WeakValueDictionary()

    async def mailbox(self, where: Mailbox) -> int:
        """Hand over what is new in one mailbox; returns how many messages that were.

        Raises:
            HandoverFailed: the audio could not be secured (no room, no right).
            LedgerUnusable: the ledger did not take it.
        """
        if self._recipient(where) is None:
            return 0
        troubles: list[OSError] = []
        if where not in await self._adopt([where], troubles):
            _complain(troubles)
            return 0
        recordings = await asyncio.to_thread(scan_mailbox, self._asterisk_spool(), where, troubles)
        taken = await self._take(where, recordings)
        _complain(troubles)
        return taken

    async def find_audio(self, entry: Entry) -> str | None:
        """Secure an entry's recording from the telephone, by its msg_id, wherever it lies now.

        For an entry that was skipped and is to be delivered after all. None if it is gone.

        Raises:
            HandoverFailed: the audio could not be secured.
        """
        if not isinstance(entry.facts, VoicemailFacts):
            return None
        where = Mailbox(entry.facts.mailbox)
        for recording in await asyncio.to_thread(scan_mailbox, self._asterisk_spool(), where, []):
            if recording.source == entry.source:
                with contextlib.suppress(Gone):
                    return await self._securing.take(recording)
        return None

    async def sweep(self) -> int:
        """Look through every mailbox for what no hint told of; returns how many were taken.

        Raises:
            HandoverFailed: some could not be secured; the others were taken.
        """
        troubles: list[OSError] = []
        adopted = await self._adopt(self._mailed_boxes(), troubles)
        changed = await asyncio.to_thread(self._changed_folders, adopted, troubles)
        taken = 0
        failures: list[HandoverFailed] = []
        for where, folder, stamp in changed:
            before = len(troubles)
            recordings = await asyncio.to_thread(list_folder, folder, where, troubles)
            try:
                taken += await self._take(where, recordings)
            except HandoverFailed as failure:
                failures.append(failure)
            else:
                if len(troubles) == before:
                    self._swept[folder] = stamp
        if failures:
            raise failures[0]
        _complain(troubles)
        return taken

    async def _adopt(self, boxes: Sequence[Mailbox], troubles: list[OSError]) -> list[Mailbox]:
        """Begin with these mailboxes: what has lain there for long is recorded, not mailed.

        Nobody wants last year's messages by mail on the day that voxpost is installed. They are
        in the ledger as skipped, and can be sent by hand.

        Returns: those that voxpost has begun with. Not yet one that cannot be read now: on the day
        that its rights are mended, or its disk is mounted, all that lies there would be mailed.
        """
        if self._adopted is None:
            self._adopted = await self._outbox.adopted()
        strange = [where for where in dict.fromkeys(boxes) if where not in self._adopted]
        if strange:
            await self._begin_with(strange, troubles)
        return [where for where in dict.fromkeys(boxes) if where in self._adopted]

    async def _begin_with(self, boxes: Sequence[Mailbox], troubles: list[OSError]) -> None:
        assert self._adopted is not None
        if not await asyncio.to_thread(_is_there, self._asterisk_spool(), troubles):
            return
        now = self._now()
        begun: list[Mailbox] = []
        entries: list[NewEntry] = []
        for where in boxes:
            unread: list[OSError] = []
            found = await asyncio.to_thread(scan_mailbox, self._asterisk_spool(), where, unread)
            if unread and not found:
                troubles += unread
                continue
            begun.append(where)
            for recording in found:
                person = self._recipient(where)
                if person is not None and recording.left_at < now - _STILL_NEW:
                    entries.append(self._entry(recording, person, None, 0, State.SKIPPED))
        if begun:
            await self._outbox.adopt(begun, entries, now)
            self._adopted.update(begun)

    async def _take(self, where: Mailbox, recordings: Iterable[Recording]) -> int:
        async with self._locks.setdefault(where, asyncio.Lock()):
            by_source = {recording.source: recording for recording in recordings}
            known = await self._outbox.known(by_source)
            fresh = [recording for source, recording in by_source.items() if source not in known]
            taken = 0
            failures: list[HandoverFailed] = []
            for start in range(0, len(fresh), _BATCH):
                some = fresh[start : start + _BATCH]
                taken += await self._take_some(where, some, failures)
        if failures:
            raise failures[0]
        return taken

    async def _take_some(
        self, where: Mailbox, recordings: Sequence[Recording], failures: list[HandoverFailed]
    ) -> int:
        """Secure some messages of a mailbox side by side, and record them in one commit."""
        waiting = await asyncio.to_thread(count_new, self._asterisk_spool(), where)
        entries: list[NewEntry] = []
        for result in await asyncio.gather(
            *(self._secured_entry(recording, waiting) for recording in recordings),
            return_exceptions=True,
        ):
            if isinstance(result, HandoverFailed):
                failures.append(result)
            elif isinstance(result, BaseException):
                raise result
            else:
                entries += result
        taken = await self._outbox.add(entries, self._now()) if entries else []
        for entry in entries:
            self._secured.pop(entry.source, None)
            if entry.source not in taken and entry.audio is not None:
                await asyncio.to_thread(self._spool.remove, entry.audio)
        self._announce(taken)
        return len(taken)

    async def _secured_entry(self, recording: Recording, waiting: int) -> list[NewEntry]:
        """Secure the audio and say what is to be recorded; nothing if the message went away."""
        person = self._recipient(recording.mailbox)
        if person is None:
            return []
        # When the ledger refuses, what was secured for it is there for the next time.
        try:
            audio = self._secured.get(recording.source) or await self._securing.take(recording)
        except Gone:
            return []
        if audio is not None:
            self._secured[recording.source] = audio
        return [self._entry(recording, person, audio, waiting, State.WAITING)]

    def _entry(
        self, recording: Recording, person: Person, audio: str | None, waiting: int, state: State
    ) -> NewEntry:
        site = self._site()
        after = site.after_delivery_of(person)
        return NewEntry(
            source=recording.source,
            extension=person.extension,
            recipient=person.email or "",
            message_id=message_id(recording.source, site.site.domain),
            facts=VoicemailFacts(
                mailbox=recording.mailbox,
                msg_id=recording.msg_id,
                caller_number=recording.caller_number,
                caller_name=recording.caller_name,
                left_at=recording.left_at or int(self._now()),
                duration=recording.duration,
                waiting=waiting,
            ),
            audio=audio,
            aftercare=None if after == "keep" else after,
            state=state,
        )

    def _mailed_boxes(self) -> list[Mailbox]:
        """Every mailbox of the site whose person wants mail, also if nobody ever called it."""
        site = self._site()
        boxes = (it.mailbox(site.voicemail.context) for it in site.people if it.email)
        return [where for where in boxes if where is not None]

    def _changed_folders(
        self, boxes: Iterable[Mailbox], troubles: list[OSError]
    ) -> list[tuple[Mailbox, Path, float]]:
        """Folders that changed since they were last swept whole.

        A folder's own time changes with every message that comes, goes or is renumbered. One that
        changed within the clock's grain is looked at once more.
        """
        spool = self._asterisk_spool()
        changed: list[tuple[Mailbox, Path, float]] = []
        for where in boxes:
            for name in FOLDERS:
                folder = mailbox_folder(spool, where) / name
                try:
                    stamp = folder.stat().st_mtime
                except FileNotFoundError:
                    continue
                except OSError as error:
                    troubles.append(error)
                    continue
                if self._swept.get(folder) != stamp:
                    settled = abs(self._now() - stamp) > 2
                    changed.append((where, folder, stamp if settled else -1.0))
        return changed

    def _recipient(self, where: Mailbox) -> Person | None:
        """Whose mailbox it is, if that person wants mail."""
        person = self._site().person_of_mailbox(where)
        return person if person is not None and person.email is not None else None

    def _asterisk_spool(self) -> Path:
        return self._site().asterisk.spool_dir

    def _announce(self, sources: Sequence[str]) -> None:
        for source in sources:
            structlog.get_logger(part="handover").info("handed over", source=source)
        if sources:
            self._wake()


def _is_there(folder: Path, troubles: list[OSError]) -> bool:
    try:
        return folder.is_dir()
    except OSError as error:
        troubles.append(error)
        return False


def _complain(troubles: Sequence[OSError]) -> None:
    if troubles:
        first = troubles[0]
        raise HandoverFailed(
            f"cannot read {first.filename}: {first.strerror}. The message stays on the telephone "
            "and is tried again; see `voxpost doctor`."
        )
