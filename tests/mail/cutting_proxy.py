"""A TCP proxy that cuts connections, or goes silent, in the middle of what is said."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress


class CuttingProxy:
    """Passes bytes on to a port of this machine.

    budget: asked for each connection: after how many bytes it is cut; None is never.
    """

    def __init__(self, target: int, budget: Callable[[], int | None]) -> None:
        self._target = target
        self._budget = budget
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self.port = 0
        self.cuts = 0
        self.silent = asyncio.Event()
        """While set, nothing is passed on, and nothing is said about that."""

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    def cut_all(self) -> None:
        for writer in self._writers:
            writer.transport.abort()

    async def stop(self) -> None:
        assert self._server is not None
        self._server.close()
        self.cut_all()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        there, back = await asyncio.open_connection("127.0.0.1", self._target)
        pair = {writer, back}
        self._writers |= pair
        left = [self._budget()]

        async def pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
            with suppress(ConnectionError):
                while data := await source.read(4096):
                    if self.silent.is_set():
                        continue
                    if left[0] is not None:
                        data = data[: left[0]]
                        left[0] -= len(data)
                    sink.write(data)
                    await sink.drain()
                    if left[0] == 0:
                        self.cuts += 1
                        break
            for it in pair:
                it.transport.abort()

        try:
            with suppress(asyncio.CancelledError):  # the stream's own callback would complain
                await asyncio.gather(pump(reader, back), pump(there, writer))
        finally:
            self._writers -= pair
            self._tasks.discard(task)
            for it in pair:
                it.transport.abort()
