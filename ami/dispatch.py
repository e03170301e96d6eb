"""Brings events to their handlers: in order, bounded, and each handler on its own."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from ami.wire import Event
from ami.workers import EventWorker, Guard, StateWorker, Worker

Handler = Callable[[Event], Awaitable[None]]
StateCallback = Callable[[], Awaitable[None]]


class Dispatcher:
    """The handlers and their queues. One handler's events come to it in the order they came.

    queue_size: events that wait for one handler; past it they are dropped and counted, and
    once the handler has caught up the state is asked for anew.
    handler_timeout, state_timeout: seconds that one call of a handler or of a state callback
    may take.
    """

    def __init__(self, queue_size: int, handler_timeout: float, state_timeout: float) -> None:
        self.wanted: set[bytes] = set()
        self._queue_size = queue_size
        self._handling = Guard(handler_timeout)
        self._asking = Guard(state_timeout)
        self._handlers: dict[Handler, EventWorker] = {}
        self._by_name: dict[str, list[EventWorker]] = {}
        self._states: list[StateWorker] = []
        self._group: asyncio.TaskGroup | None = None

    @property
    def dropped(self) -> int:
        """Events that no queue had room for."""
        return sum(worker.dropped for worker in self._handlers.values())

    @property
    def errors(self) -> int:
        """Calls of handlers and state callbacks that failed or took too long."""
        return self._handling.errors + self._asking.errors

    def on(self, event_name: str, handler: Handler) -> None:
        """Call a handler for each event of a name. The same handler may take several names."""
        worker = self._handlers.get(handler)
        if worker is None:
            worker = EventWorker(handler, self._handling, self._queue_size, self.ask_anew)
            self._handlers[handler] = worker
            self._start(worker)
        workers = self._by_name.setdefault(event_name, [])
        if worker not in workers:
            workers.append(worker)
        self.wanted.add(event_name.encode())

    def on_state(self, callback: StateCallback) -> None:
        """Call this whenever events may have been missed."""
        worker = StateWorker(callback, self._asking)
        self._states.append(worker)
        self._start(worker)

    def put(self, event: Event) -> None:
        """Queue an event for its handlers. Never blocks."""
        for worker in self._by_name.get(event.name, ()):
            worker.offer(event)

    def ask_anew(self) -> None:
        """Have every state callback called; once, however often this is called meanwhile."""
        for worker in self._states:
            worker.due.set()

    async def run(self) -> None:
        """Work until cancelled."""
        try:
            async with asyncio.TaskGroup() as self._group:
                for handler in self._handlers.values():
                    self._start(handler)
                for state in self._states:
                    self._start(state)
                await asyncio.Event().wait()
        finally:
            self._group = None

    def _start(self, worker: Worker) -> None:
        if self._group is not None:
            self._group.create_task(worker.run())
