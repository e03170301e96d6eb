"""Removes what has served its time: recordings after a week, what was settled after `keep_days`."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import structlog

from ledger.forgetting import Forgetting, OldMail
from ledger.outbox import Outbox
from mail.recordings import folder_stamp, list_folder, mailbox_folder, mailbox_of_source
from mail.spool import Spool
from pbx.model import Site
from pbx.numbers import Mailbox

# Mail servers try for five days, then the bounce comes.
KEPT = 7 * 86400.0  # seconds
_BATCH = 500
_DAY = 86400.0  # seconds


class Retention:
    """How long the ledger and voxpost's spool keep what is done with.

    What a mailbox had deleted after delivery stays in the spool for a week: a message may bounce
    after the server has taken it; then this is the only copy.
    """

    def __init__(
        self,
        *,
        site: Callable[[], Site],
        outbox: Outbox,
        forgetting: Forgetting,
        spool: Spool,
        now: Callable[[], float],
    ) -> None:
        self._site = site
        self._outbox = outbox
        self._forgetting = forgetting
        self._spool = spool
        self._now = now
        self._looked = 0.0
        self._log = structlog.get_logger(part="retention")

    async def remove_old(self) -> int:
        """Remove recordings that are older; returns how many went.

        Raises:
            LedgerError: the ledger cannot be asked.
        """
        old = await self._outbox.kept_audio(self._now() - KEPT)
        for start in range(0, len(old), _BATCH):
            some = dict(list(old.items())[start : start + _BATCH])
            await asyncio.to_thread(self._remove, some.values())
            await self._outbox.forget_audio(list(some))
        return len(old)

    async def forget_old(self) -> None:
        """Once a day, forget mails, texts and broadcasts that were settled `keep_days` ago.

        Raises:
            LedgerError: the ledger cannot be asked.
        """
        now = self._now()
        if abs(now - self._looked) < _DAY:  # or the clock was set back
            return
        before = now - self._site().service.keep_days * _DAY
        mails = await self._forget_mails(before)
        rows = 0
        for forget in (self._forgetting.forget_texts, self._forgetting.forget_broadcasts):
            while some := await forget(before):
                rows += some
        self._looked = now
        if mails or rows:
            self._log.info("forgotten", mails=mails, texts=rows)

    async def _forget_mails(self, before: float) -> int:
        forgotten = 0
        after: int | None = 0
        while after is not None:
            old, after = await self._forgetting.old_mails(before, after)
            gone = await asyncio.to_thread(self._not_on_telephone, old)
            if gone:
                went = await self._forgetting.forget_mails([mail.id for mail in gone])
                audio = [it.audio for it in gone if it.audio and it.id in went]
                await asyncio.to_thread(self._remove, audio)
                forgotten += len(went)
        return forgotten

    def _not_on_telephone(self, mails: Sequence[OldMail]) -> list[OldMail]:
        """Those whose message is gone: while it lies there, it would be taken for a new one."""
        spool = self._site().asterisk.spool_dir
        by_mailbox: dict[Mailbox | None, list[OldMail]] = defaultdict(list)
        for mail in mails:
            by_mailbox[mailbox_of_source(mail.source)].append(mail)
        gone = by_mailbox.pop(None, [])
        if not _has_anything(spool / "voicemail"):
            return gone  # it is not mounted, say: nobody knows what lies there
        for where, some in by_mailbox.items():
            assert where is not None
            there = _sources_in(spool, where)
            if there is not None:
                gone += [mail for mail in some if mail.source not in there]
        return gone

    def _remove(self, names: Iterable[str]) -> None:
        for name in names:
            try:
                self._spool.remove(name)
            except OSError as error:
                self._log.warning("recording not removed", file=name, reason=str(error))


def _has_anything(folder: Path) -> bool:
    try:
        return any(folder.iterdir())
    except OSError:
        return False


def _sources_in(spool: Path, where: Mailbox) -> set[str] | None:
    """What lies in a mailbox, in whatever folder; None if that cannot be known."""
    troubles: list[OSError] = []
    try:
        folders = [it for it in mailbox_folder(spool, where).iterdir() if it.is_dir()]
        stamps = [folder_stamp(it) for it in folders]
        sources = {it.source for folder in folders for it in list_folder(folder, where, troubles)}
        # A message that is moved from one to the other just now may be seen in neither.
        moved = None in stamps or stamps != [folder_stamp(it) for it in folders]
    except FileNotFoundError:
        return set()
    except (OSError, ValueError):
        return None
    return None if troubles or moved else sources
