"""`python -m bench.ami_readers ours|panoramisk PORT EVENTS`: reads a stream of AMI events.

Prints how many events a second it took, from the first wanted one to the last.
"""

from __future__ import annotations

import asyncio
import logging
import sys
import time
from collections.abc import Callable

import structlog
from panoramisk import Manager

from ami.connection import AmiConnection
from ami.settings import AmiSettings
from ami.wire import Event
from bench.ami_stream import ONE_IN, WANTED


class Count:
    """Counts the wanted events and knows when all of them came."""

    def __init__(self, wanted: int, clock: Callable[[], float]) -> None:
        self.complete = asyncio.Event()
        self.rate = 0.0
        self._left = self._wanted = wanted
        self._clock = clock
        self._began = 0.0

    def one(self) -> None:
        if self._left == self._wanted:
            self._began = self._clock()
        self._left -= 1
        if not self._left:
            self.rate = (self._wanted - 1) * ONE_IN / (self._clock() - self._began)
            self.complete.set()


async def ours(port: int, count: Count) -> None:
    """voxpost's connection, as the daemon has it."""
    connection = AmiConnection(AmiSettings("127.0.0.1", port, "voxpost", "secret"))

    async def handler(_: Event) -> None:
        count.one()

    connection.on(WANTED, handler)
    running = asyncio.create_task(connection.run())
    await count.complete.wait()
    dropped = connection.status.events_dropped
    connection.close()
    await running
    if dropped:
        raise RuntimeError(f"{dropped} events were dropped")


async def panoramisk(port: int, count: Count) -> None:
    """panoramisk as it comes."""
    manager = Manager(host="127.0.0.1", port=port, username="voxpost", secret="secret")

    async def handler(_: Manager, __: object) -> None:
        count.one()

    manager.register_event(WANTED, handler)
    await manager.connect()
    await count.complete.wait()
    manager.close()


async def _read(name: str, port: int, events: int) -> float:
    count = Count(events // ONE_IN, time.perf_counter)
    async with asyncio.timeout(100):
        await {"ours": ours, "panoramisk": panoramisk}[name](port, count)
    return count.rate


if __name__ == "__main__":
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    sys.stdout.write(f"{asyncio.run(_read(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))}\n")
