"""What goes wrong in a soak, and when: planned from a seed, done one after the other."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from random import Random

from endurance.soak_site import SoakSite


class Kind(StrEnum):
    """What is cut."""

    LINK = "manager link cut"
    SILENCE = "manager link silent"
    MAIL = "mail server away"
    REREAD = "site file reread"
    RESTART = "voxpost restarted"
    ASTERISK = "Asterisk restarted"


_EVERY = {
    Kind.LINK: 5.0,
    Kind.SILENCE: 15.0,
    Kind.MAIL: 9.0,
    Kind.REREAD: 6.0,
    Kind.RESTART: 28.0,
    Kind.ASTERISK: 14.0,
}
"""Minutes between two of a kind, about; each comes once at least."""

AFTERWARDS = 20.0
"""Seconds after a cut that trouble may still be of it."""

_SILENCE = 45.0  # seconds at most; the manager connection notices sooner


@dataclass(frozen=True, slots=True)
class Cut:
    """One cut. at: seconds from the beginning; lasts: seconds that something is away."""

    at: float
    kind: Kind
    lasts: float


def plan_cuts(random: Random, seconds: float) -> list[Cut]:
    """The cuts of a soak of this length, in order; the same for the same seed.

    Each kind is spread evenly, at a random moment within its part of the time, and the last part
    of the soak stays quiet.
    """
    cuts: list[Cut] = []
    longest = min(_SILENCE, seconds / 20)
    for kind, minutes in _EVERY.items():
        count = max(1, round(seconds / 60 / minutes))
        part = 0.9 * seconds / count
        for number in range(count):
            at = part * (number + random.uniform(0.2, 0.9))
            cuts.append(Cut(round(at, 1), kind, round(random.uniform(0.3, 1.0) * longest, 1)))
    return sorted(cuts, key=lambda cut: cut.at)


@dataclass(frozen=True, slots=True)
class Done:
    """A cut that was made: from when until when, seconds since 1970."""

    kind: Kind
    began: float
    ended: float

    def covers(self, moment: float) -> bool:
        """Whether trouble at this moment, seconds since 1970, may be the cut's."""
        return self.began <= moment <= self.ended + AFTERWARDS


class Cutter:
    """Makes the planned cuts on a site."""

    def __init__(self, site: SoakSite, say: Callable[[str], None]) -> None:
        self.done: list[Done] = []
        self._site = site
        self._say = say

    async def run(self, cuts: list[Cut]) -> None:
        """Make them at their moments, counted from now; a late one follows at once."""
        clock = asyncio.get_running_loop().time
        began = clock()
        for cut in cuts:
            await asyncio.sleep(max(0.0, began + cut.at - clock()))
            self._say(f"    {cut.at:.0f} s: {cut.kind}")
            start = time.time()
            await self._make(cut)
            self.done.append(Done(cut.kind, start, time.time()))

    async def _make(self, cut: Cut) -> None:
        site = self._site
        match cut.kind:
            case Kind.LINK:
                site.link.cut()
            case Kind.SILENCE:
                await site.link.silent(cut.lasts)
            case Kind.MAIL:
                await site.mail.stop()
                await asyncio.sleep(cut.lasts)
                await site.mail.start()
            case Kind.REREAD:
                site.reread()
            case Kind.RESTART:
                await site.stop_voxpost()
                await asyncio.sleep(min(cut.lasts, 5.0))
                await site.start_voxpost()
            case Kind.ASTERISK:
                await site.asterisk.restart()
