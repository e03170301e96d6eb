"""Where a benchmark works: a folder of its own, free ports, the private Asterisk's programs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from bench.result import Result
from lab.packages import PackageTree
from lab.ports import PortFinder


@dataclass(frozen=True)
class Place:
    """What a row is given.

    Arguments:
        folder: its own, empty, with a short path (a unix socket's path has 108 bytes).
        say: prints a line of progress.
        share: 1.0 measures in full; less measures shorter, to try a row.
    """

    folder: Path
    ports: PortFinder
    asterisk22: PackageTree
    say: Callable[[str], None]
    share: float = 1.0


Measure: TypeAlias = Callable[[Place], Awaitable[list[Result]]]
"""A row's function: measures ours and the peer in turns, several rounds, and says what came out."""
