"""When a mail arrives: looked for every millisecond in the folder where the server puts it."""

from __future__ import annotations

import os
import time
from pathlib import Path

WITHIN = 30.0  # seconds


def arrival(inbox: Path, before: frozenset[str]) -> float:
    """When a mail that was not there before stands in the folder, to a millisecond.

    Raises TimeoutError.
    """
    end = time.monotonic() + WITHIN
    while time.monotonic() < end:
        if not before.issuperset(names(inbox)):
            return time.time()
        time.sleep(0.001)
    raise TimeoutError(f"no mail came within {WITHIN:.0f} s")


def names(inbox: Path) -> list[str]:
    try:
        return os.listdir(inbox)  # noqa: PTH208 - a thousand times a second
    except FileNotFoundError:
        return []
