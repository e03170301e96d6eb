"""Looks for what no hint told of: when it is asked to, and every minute."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import structlog

from ledger.errors import LedgerError
from mail.errors import MailError
from mail.handover import Handover
from mail.missed_calls import MissedCalls
from mail.retention import Retention
from pbx.waiting import set_within

_EVERY = 60.0  # seconds
_AGAIN = 10.0  # seconds, after one that failed


class Sweeping:
    """Sweeps the spool, the missed calls that were not written, and what was kept for long.

    Arguments:
        found: called when a sweep took voicemail.
    """

    def __init__(
        self,
        *,
        handover: Handover,
        missed_calls: MissedCalls,
        retention: Retention,
        found: Callable[[], None],
    ) -> None:
        self._handover = handover
        self._missed_calls = missed_calls
        self._retention = retention
        self._found = found
        self._woken = asyncio.Event()
        self.trouble: str | None = None
        """Why the last one failed."""
        self._log = structlog.get_logger(part="daemon")

    def wake(self) -> None:
        """Sweep now."""
        self._woken.set()

    async def run(self) -> None:
        """Sweep until cancelled."""
        while True:
            self._woken.clear()
            try:
                await self._sweep()
                self.trouble = None
            except (MailError, LedgerError, OSError) as error:
                self.trouble = str(error)
                self._log.error("sweep", reason=self.trouble)
            await set_within(self._woken, _EVERY if self.trouble is None else _AGAIN)

    async def _sweep(self) -> None:
        await self._missed_calls.repeat()
        if await self._handover.sweep():
            self._found()
        await self._retention.remove_old()
        await self._retention.forget_old()
