"""Many callers, one write: what comes while one is under way goes with the next."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

T = TypeVar("T")
_MOST = 256  # items in one write


class Gathering(Generic[T]):
    """Gathers items of many callers, each of whom waits until his own is written.

    Where a write fails, one caller is told, and the others try again with theirs.

    Arguments:
        write: writes items; may be given the same ones again after it failed or was cancelled.
    """

    def __init__(self, write: Callable[[Sequence[T]], Awaitable[None]]) -> None:
        self._write = write
        self._waiting: list[tuple[T, asyncio.Event]] = []
        self._lock = asyncio.Lock()

    async def add(self, item: T) -> None:
        """Have an item written; returns once it is. Raises what `write` raises."""
        mine = (item, asyncio.Event())
        self._waiting.append(mine)
        try:
            async with self._lock:
                # Whoever had the lock may have written it with his own.
                if not mine[1].is_set():
                    await self._flush(mine)
        except BaseException:
            self._waiting = [it for it in self._waiting if it is not mine]
            raise

    async def _flush(self, mine: tuple[T, asyncio.Event]) -> None:
        others = [it for it in self._waiting if it is not mine][: _MOST - 1]
        batch = [mine, *others]
        await self._write([item for item, _ in batch])
        for _, written in batch:
            written.set()
        self._waiting = [it for it in self._waiting if not it[1].is_set()]
