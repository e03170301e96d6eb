"""An inbox that remembers what gateways bring, and fails as it is told to."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from ledger.errors import LedgerError
from sms.gateway import Incoming, Report

WITHIN = 20.0  # seconds


class RememberingInbox:
    """Satisfies sms.gateway.Inbox."""

    def __init__(self) -> None:
        self.came: list[Incoming] = []
        """All that it took; one that was brought twice, twice."""
        self.reports: list[Report] = []
        self.refused: list[str] = []
        """Keys of the texts that it could not take."""
        self.failures: float = 0
        """How many more times it fails."""
        self.open = asyncio.Event()
        """While it is not set, whoever brings something waits."""
        self.open.set()
        self._changed = asyncio.Condition()

    @property
    def texts(self) -> dict[str, Incoming]:
        """What it took, by key, as the ledger keeps it: each once."""
        found: dict[str, Incoming] = {}
        for text in self.came:
            found.setdefault(text.key, text)
        return found

    @property
    def bodies(self) -> list[str | None]:
        """What the texts say, each once, in the order they came."""
        return [text.body for text in self.texts.values()]

    async def received(self, text: Incoming) -> None:
        await self.open.wait()
        async with self._changed:
            self._changed.notify_all()
            if self.failures:
                self.failures -= 1
                self.refused.append(text.key)
                raise LedgerError("the disk is full")
            self.came.append(text)

    async def reported(self, report: Report) -> None:
        await self.open.wait()
        async with self._changed:
            self._changed.notify_all()
            if self.failures:
                self.failures -= 1
                raise LedgerError("the disk is full")
            self.reports.append(report)

    async def until(self, holds: Callable[[RememberingInbox], bool]) -> None:
        """Wait until something holds of it. Raises TimeoutError."""
        async with asyncio.timeout(WITHIN), self._changed:
            await self._changed.wait_for(lambda: holds(self))
