"""Ports for a test, which no other worker of the run looks at (pytest-xdist)."""

from __future__ import annotations

import os

from lab import ports
from lab.ports import FIRST, LAST, VARIABLE, PortFinder


def free_ports() -> PortFinder:
    """A finder among this worker's share of the ports."""
    return ports.free_ports(os.environ)


def take_share() -> None:
    """Have this worker, and the programs that it starts, look at a share of the ports."""
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    first, end = map(int, os.environ.get(VARIABLE, f"{FIRST}-{LAST}").split("-"))
    share = (end - first) // workers
    first += worker * share
    os.environ[VARIABLE] = f"{first}-{first + share}"
