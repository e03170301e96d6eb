"""Freed memory goes back to the system; glibc's malloc alone, nothing happens with another.

Recordings, letters and TLS take and free large pieces. What lies between two that are still in use
stays with the process unless it is asked for: it would grow by some megabytes an hour.
"""

from __future__ import annotations

import asyncio
import ctypes
from contextlib import suppress

_ARENA_MAX = -8  # M_ARENA_MAX, mallopt(3)
_EVERY = 60.0  # seconds; it takes some milliseconds, in a thread


def share_freed_memory() -> None:
    """Keep two pools of freed memory, not eight for each processor.

    Each thread would hold on to what the largest recording took.
    """
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).mallopt(_ARENA_MAX, 2)


async def give_back_freed_memory() -> None:
    """Give back what is free now and then, until cancelled (malloc_trim(3))."""
    with suppress(OSError, AttributeError):
        trim = ctypes.CDLL(None).malloc_trim
        while True:
            await asyncio.to_thread(trim, 0)
            await asyncio.sleep(_EVERY)
