"""Removes recordings that were kept only in case their message comes back."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import structlog

from ledger.outbox import Outbox
from mail.spool import Spool

# Mail servers try for five days, then the bounce comes.
KEPT = 7 * 86400.0  # seconds
_BATCH = 500


class Retention:
    """What a mailbox had deleted after delivery stays in voxpost's spool for a week.

    A message may bounce after the server has taken it; then this is the only copy.
    """

    def __init__(self, outbox: Outbox, spool: Spool, now: Callable[[], float]) -> None:
        self._outbox = outbox
        self._spool = spool
        self._now = now

    async def remove_old(self) -> int:
        """Remove what is older; returns how many recordings went.

        Raises:
            LedgerError: the ledger cannot be asked.
        """
        old = await self._outbox.kept_audio(self._now() - KEPT)
        for start in range(0, len(old), _BATCH):
            some = dict(list(old.items())[start : start + _BATCH])
            await asyncio.to_thread(self._remove, some)
            await self._outbox.forget_audio(list(some))
        return len(old)

    def _remove(self, names: dict[int, str]) -> None:
        for entry, name in names.items():
            try:
                self._spool.remove(name)
            except OSError as error:
                log = structlog.get_logger(part="retention")
                log.warning("recording not removed", entry=entry, reason=str(error))
