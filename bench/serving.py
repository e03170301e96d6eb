"""The servers and clients of a row, each in a process of its own."""

from __future__ import annotations

import os
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from lab.processes import Child, run_program
from lab.services import service

_ROOT = Path(__file__).parents[1]


@asynccontextmanager
async def serving(folder: Path, *words: str) -> AsyncIterator[Child]:
    """Run `python -m WORDS...` from the moment when it says that it is ready (sd_notify(3)).

    folder: of the row; gets the log. Raises lab.errors.DidNotStart with its last words.
    """
    command = [sys.executable, "-m", *words]
    async with service(
        words[0], command, folder / "log", timeout=60, environment=_environment()
    ) as child:
        yield child


async def printed(*words: str, timeout: float = 120.0) -> str:
    """What `python -m WORDS...` prints.

    timeout: seconds. Raises RuntimeError with its words when it fails, and TimeoutError.
    """
    code, said = await run_program([sys.executable, "-m", *words], timeout, _environment())
    if code != 0:
        raise RuntimeError(f"{' '.join(words)} failed: {said.strip()}")
    return said.strip()


async def once(*command: str) -> tuple[float, float]:
    """How many seconds and megabytes a command takes, its start and end included.

    Raises RuntimeError when it fails.
    """
    words = [sys.executable, "-I", "-S", str(_ROOT / "bench/once.py"), *command]
    code, said = await run_program(words, 60)
    if code != 0:
        raise RuntimeError(f"{' '.join(command)} failed: {said.strip()}")
    seconds, megabytes = said.split()[-2:]
    return float(seconds), float(megabytes)


def _environment() -> Mapping[str, str]:
    return {**os.environ, "PYTHONPATH": str(_ROOT)}
