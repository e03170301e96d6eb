"""Freed memory goes back to the system."""

import asyncio
import ctypes
import platform
from contextlib import suppress

import psutil
import pytest

from cli import memory

MEGABYTE = 2**20


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="malloc_trim is glibc's")
async def test_what_lies_between_two_pieces_in_use_is_given_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # From here on malloc serves pieces of this size from its heap, and not from mmap.
    ctypes.CDLL(None).mallopt(-3, 32 * MEGABYTE)  # M_MMAP_THRESHOLD
    pieces = [bytes([1]) * 100_000 for _ in range(400)]
    in_use = pieces[::40]
    full = psutil.Process().memory_info().rss
    pieces.clear()
    monkeypatch.setattr(memory, "_EVERY", 0.01)
    task = asyncio.create_task(memory.give_back_freed_memory())
    try:
        async with asyncio.timeout(5):
            while psutil.Process().memory_info().rss > full - 30 * MEGABYTE:
                await asyncio.sleep(0.01)
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
    assert len(in_use) == 10
