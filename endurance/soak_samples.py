"""Memory and file descriptors of voxpost over time, and whether they stay flat."""

from __future__ import annotations

import asyncio
import itertools
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import psutil

from endurance.soak_site import SoakSite
from lab.errors import LabError

EVERY = 10.0  # seconds
WARM_UP = 300.0  # seconds of a life that are not judged
SHORTEST_JUDGED = 600.0  # seconds after the warm-up; a slope of less says nothing
MEMORY_GROWTH = 8.0
"""MB an hour that a life of voxpost may grow by. Caches fill; a leak of 4 kB a call is more."""
DESCRIPTOR_GROWTH = 4.0
"""Descriptors an hour that a life may grow by; one leaked at each tenth call is forty times it."""
DESCRIPTORS_AT_REST = 12
"""How many more there may be at the end than at a life's first look: open SMTP connections."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One look. at: seconds since 1970. memory: resident, bytes. zombies: dead children."""

    at: float
    pid: int
    memory: int
    descriptors: int
    zombies: int


@dataclass
class Sampler:
    """Looks at voxpost again and again; while it restarts there is nothing to see."""

    site: SoakSite
    samples: list[Sample] = field(default_factory=list)

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            self.look()
            await asyncio.sleep(EVERY)

    def look(self) -> None:
        """Look once."""
        try:
            process = psutil.Process(self.site.pid)
            with process.oneshot():
                memory, descriptors = process.memory_info().rss, process.num_fds()
            children = process.children(recursive=True)
            zombies = sum(it.status() == psutil.STATUS_ZOMBIE for it in children)
        except (psutil.NoSuchProcess, LabError):
            return
        self.samples.append(Sample(time.time(), process.pid, memory, descriptors, zombies))


@dataclass(frozen=True, slots=True)
class Life:
    """How one life of voxpost went. growths: an hour; None where it was too short to tell."""

    pid: int
    seconds: float
    highest_memory: float  # MB
    first_descriptors: int
    last_descriptors: int
    zombies: int
    memory_growth: float | None  # MB
    descriptor_growth: float | None

    @property
    def faults(self) -> list[str]:
        """What is not flat, in words."""
        found: list[str] = []
        if (self.memory_growth or 0) > MEMORY_GROWTH:
            found.append(f"memory grew by {self.memory_growth:.1f} MB an hour")
        if (self.descriptor_growth or 0) > DESCRIPTOR_GROWTH:
            found.append(f"descriptors grew by {self.descriptor_growth:.1f} an hour")
        if self.last_descriptors > self.first_descriptors + DESCRIPTORS_AT_REST:
            found.append(f"{self.first_descriptors} descriptors became {self.last_descriptors}")
        if self.zombies:
            found.append(f"{self.zombies} zombies")
        return [f"process {self.pid}: {it}" for it in found]


def lives_of(samples: Sequence[Sample]) -> list[Life]:
    """Judge each life of voxpost by itself."""
    grouped = itertools.groupby(samples, key=lambda sample: sample.pid)
    return [_life(list(life)) for _, life in grouped]


def _life(samples: list[Sample]) -> Life:
    first, last = samples[0], samples[-1]
    judged = [sample for sample in samples if sample.at - first.at >= WARM_UP]
    long_enough = bool(judged) and last.at - judged[0].at >= SHORTEST_JUDGED
    hours = [(sample.at - first.at) / 3600 for sample in judged]
    return Life(
        pid=first.pid,
        seconds=last.at - first.at,
        highest_memory=max(sample.memory for sample in samples) / 1e6,
        first_descriptors=first.descriptors,
        last_descriptors=last.descriptors,
        zombies=max(sample.zombies for sample in samples),
        memory_growth=slope(hours, [it.memory / 1e6 for it in judged]) if long_enough else None,
        descriptor_growth=slope(hours, [it.descriptors for it in judged]) if long_enough else None,
    )


def slope(at: Sequence[float], values: Sequence[float]) -> float:
    """The median of the slopes between all pairs (Theil and Sen): no single peak moves it."""
    points = itertools.combinations(zip(at, values, strict=True), 2)
    return statistics.median((b[1] - a[1]) / (b[0] - a[0]) for a, b in points)
