"""Postfix's own test programs: smtp-sink, which takes all mail, and smtp-source, the peer."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from lab.errors import LabError, Unavailable
from lab.ports import LOOPBACK
from lab.processes import Child, run_program

_SINK, _SOURCE = Path("/usr/sbin/smtp-sink"), Path("/usr/sbin/smtp-source")
SESSIONS = 4  # as many as voxpost's connections


@asynccontextmanager
async def smtp_sink(port: int, folder: Path) -> AsyncIterator[None]:
    """Take all mail at a port while in use. Raises LabError."""
    if not _SINK.exists():
        raise Unavailable(f"{_SINK} is missing: run `python -m lab.prepare --tests` as root")
    user = ["-u", "nobody"] if os.geteuid() == 0 else []
    child = Child("smtp-sink", [str(_SINK), *user, f"{LOOPBACK}:{port}", "256"], folder / "sink")
    try:
        async with asyncio.timeout(10):
            while True:
                try:
                    _, writer = await asyncio.open_connection(LOOPBACK, port)
                except ConnectionRefusedError:
                    await asyncio.sleep(0.05)
                else:
                    writer.close()
                    break
        yield
    finally:
        await child.stop()


async def smtp_source(
    port: int, count: int, size: int, recipient: str, *, sessions: int = SESSIONS
) -> float:
    """Send messages of a size in bytes, one connection each; returns the seconds it took.

    sessions: connections at once.
    """
    command = [
        *(str(_SOURCE), "-s", str(sessions), "-m", str(count), "-l", str(size)),
        *("-f", "voicemail@lab.example", "-t", recipient, f"{LOOPBACK}:{port}"),
    ]
    begun = time.perf_counter()
    code, said = await run_program(command, timeout=600)
    if code != 0:
        raise LabError(f"smtp-source failed: {said.strip()}")
    return time.perf_counter() - begun
