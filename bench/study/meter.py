"""What the parts take of processor and memory while something is measured."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, suppress

import psutil

from bench.study.data import Usage, Use

LOOK_EVERY = 1.0  # seconds; memory alone, and it costs a few milliseconds
LOAD = "load"


class Meter:
    """Measures process trees. roots: the first process of each part, by the part's name.

    What this process and the programs that it starts take, apart from the parts, is LOAD.
    """

    def __init__(self, roots: Mapping[str, int]) -> None:
        self._roots = {name: psutil.Process(pid) for name, pid in roots.items()}
        self._self = psutil.Process(os.getpid())

    @asynccontextmanager
    async def measuring(self) -> AsyncIterator[dict[str, Use]]:
        """Yields a dictionary that is filled at the end of the block."""
        usage: dict[str, Use] = {}
        memory: dict[str, float] = {}
        began, before = time.monotonic(), self._spent()
        looking = asyncio.create_task(self._look(memory))
        try:
            yield usage
        finally:
            looking.cancel()
            await asyncio.wait([looking])
        seconds = time.monotonic() - began
        self._remember(memory)
        for name, spent in self._spent().items():
            cpu = 100 * max(0.0, spent - before.get(name, 0.0)) / seconds
            usage[name] = Use(round(cpu, 1), round(memory.get(name, 0.0), 1))

    async def at_rest(self, seconds: float) -> Usage:
        """What they take when nothing goes on."""
        async with self.measuring() as usage:
            await asyncio.sleep(seconds)
        return usage

    async def _look(self, memory: dict[str, float]) -> None:
        while True:
            self._remember(memory)
            await asyncio.sleep(LOOK_EVERY)

    def _remember(self, memory: dict[str, float]) -> None:
        for name, root in self._roots.items():
            held = sum(map(_held, _tree(root)))
            memory[name] = max(held, memory.get(name, 0.0))

    def _spent(self) -> dict[str, float]:
        """Processor seconds from the start of each part on, those of ended processes included."""
        parts = {name: sum(map(_spent, _tree(root))) for name, root in self._roots.items()}
        own = sum(map(_spent, _tree(self._self)))
        return {**parts, LOAD: own - sum(parts.values())}


def _tree(root: psutil.Process) -> Iterator[psutil.Process]:
    yield root
    with suppress(psutil.NoSuchProcess):
        yield from root.children(recursive=True)


def _spent(process: psutil.Process) -> float:
    # A parent that waited for a child has the child's time among its own: nothing is missed.
    with suppress(psutil.NoSuchProcess):
        times = process.cpu_times()
        return float(times.user + times.system + times.children_user + times.children_system)
    return 0.0


def _held(process: psutil.Process) -> float:
    with suppress(psutil.NoSuchProcess, psutil.AccessDenied):
        return float(process.memory_full_info().pss) / 1e6
    return 0.0
