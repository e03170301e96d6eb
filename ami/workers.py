"""One task for each handler, so that a slow or failing one harms nobody else."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Protocol

import structlog

from ami.wire import Event


class Worker(Protocol):
    """Something that works until cancelled."""

    async def run(self) -> None:
        """Work until cancelled."""


class Guard:
    """Runs other people's coroutines; their failures are logged and counted, not raised.

    limit: seconds that one may take.
    """

    def __init__(self, limit: float) -> None:
        self.errors = 0
        self._limit = limit

    async def run(self, call: Awaitable[None], what: str) -> None:
        """Await a call within the limit; return whatever becomes of it."""
        try:
            async with asyncio.timeout(self._limit):
                await call
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is None or task.cancelling():
                raise
            # Not we were cancelled, but something that the handler waited for.
            self._failed(what)
        except Exception:
            self._failed(what)

    def _failed(self, what: str) -> None:
        self.errors += 1
        structlog.get_logger().exception("ami.handler_failed", handler=what, seconds=self._limit)


class EventWorker:
    """A handler, the events that wait for it, and the task that feeds them to it."""

    def __init__(
        self,
        handler: Callable[[Event], Awaitable[None]],
        guard: Guard,
        queue_size: int,
        on_caught_up: Callable[[], None],
    ) -> None:
        self.dropped = 0
        self._handler = handler
        self._guard = guard
        self._queue: asyncio.Queue[Event] = asyncio.Queue(queue_size)
        self._overflowed = False
        self._on_caught_up = on_caught_up

    def offer(self, event: Event) -> None:
        """Queue an event, or count it as dropped when the handler is too far behind."""
        if not self._queue.full():
            self._queue.put_nowait(event)
            return
        self.dropped += 1
        if not self._overflowed:
            self._overflowed = True
            structlog.get_logger().warning(
                "ami.events_dropped", handler=_name(self._handler), waiting=self._queue.qsize()
            )

    async def run(self) -> None:
        """Feed the handler, one event at a time, until cancelled."""
        while True:
            event = await self._queue.get()
            await self._guard.run(_call(self._handler, event), _name(self._handler))
            if self._overflowed and self._queue.empty():
                # Only now: asked earlier, older events would overwrite the newer state.
                self._overflowed = False
                self._on_caught_up()


class StateWorker:
    """A callback that asks for the state anew whenever it is due, one call at a time."""

    def __init__(self, callback: Callable[[], Awaitable[None]], guard: Guard) -> None:
        self.due = asyncio.Event()
        self._callback = callback
        self._guard = guard

    async def run(self) -> None:
        """Wait until due and call, until cancelled."""
        while True:
            await self.due.wait()
            self.due.clear()
            await self._guard.run(_call(self._callback), _name(self._callback))


async def _call(function: Callable[..., Awaitable[None]], *args: Event) -> None:
    # A coroutine of ours, so that a function that raises before its first await is guarded too.
    await function(*args)


def _name(function: Callable[..., object]) -> str:
    return getattr(function, "__qualname__", repr(function))
