"""Ports for a test, which no other worker of the run looks at (pytest-xdist)."""

from __future__ import annotations

import os
from random import Random

from lab.ports import FIRST, LAST, PortFinder


def free_ports() -> PortFinder:
    """A finder among this worker's share of the ports; among all where there are no workers."""
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    share = (LAST - FIRST) // workers
    first = FIRST + worker * share
    return PortFinder(Random(), range(first, first + share))
