"""Callers, some at once, for as long as it takes: they leave voicemail or give up."""

from __future__ import annotations

import asyncio
import itertools
import time
from dataclasses import dataclass, field
from random import Random

from endurance.soak_site import CALLER, MAIN_NUMBER, PEOPLE, SoakSite
from lab.errors import LabError
from lab.phone import Phone
from lab.ports import PortFinder
from lab.speech import Speech, from_prompt, read_audio

_BLOCKS = 8  # of ports, that one caller uses in turn
_GIVE_UP = 0.3  # share of the callers who hang up before the beep
_PAUSE = 1.0  # seconds until the next try, when a call was not even answered


class OwnPorts(PortFinder):
    """The same few ports in turn: a finder that gives each one once has none left after hours."""

    def __init__(self, finder: PortFinder) -> None:
        self._blocks = itertools.cycle([finder.run_of(4) for _ in range(_BLOCKS)])

    def run_of(self, length: int) -> int:
        return next(self._blocks)


@dataclass(frozen=True, slots=True)
class Made:
    """A call that went as the caller meant it. Times in seconds since 1970."""

    extension: str
    began: float
    ended: float


@dataclass
class Tally:
    """What the callers did. cut_off: calls that ended otherwise than the caller meant."""

    calls: int = 0
    cut_off: int = 0
    made: list[Made] = field(default_factory=list)


class Callers:
    """Several callers on one site.

    random: who calls whom, and for how long.
    """

    def __init__(self, site: SoakSite, finder: PortFinder, random: Random, count: int) -> None:
        self.tally = Tally()
        self._site = site
        self._random = random
        self._phones = [Phone(site.asterisk.tree, OwnPorts(finder)) for _ in range(count)]
        sounds = site.asterisk.sounds_dir
        self._said = from_prompt(sounds, 12.0)
        prompts = (read_audio(sounds / f"{name}.gsm", "gsm") for name in ("vm-intro", "beep"))
        # Answer(500), the greeting of 0.2 s, the instructions, the beep, and a little.
        self._until_beep = 0.5 + 0.2 + sum(it.seconds for it in prompts) + 0.7

    async def call_until(self, end: float) -> None:
        """Call and call until this moment of the loop's clock; calls under way are ended."""
        async with asyncio.TaskGroup() as group:
            for phone in self._phones:
                group.create_task(self._one_caller(phone, end))

    async def _one_caller(self, phone: Phone, end: float) -> None:
        clock = asyncio.get_running_loop().time
        while clock() < end:
            number = self._random.choice((*PEOPLE, MAIN_NUMBER))
            gives_up = self._random.random() < _GIVE_UP
            await self._call(phone, number, gives_up=gives_up)

    async def _call(self, phone: Phone, number: str, *, gives_up: bool) -> None:
        site = self._site
        began = time.time()
        seconds = self._random.uniform(2.0, 6.0)
        speech = None if gives_up else Speech(self._said.pcm[: 2 * round(seconds * 8000)])
        self.tally.calls += 1
        try:
            result = await phone.call(
                number,
                site.asterisk.ports.sip,
                speech=speech,
                speak_after=0.0 if gives_up else self._until_beep,
                hangup_after=1.0 if gives_up else None,
                answer_within=5.0,
                caller_name=f"Caller {self.tally.calls}",
                login=CALLER,
            )
        except LabError:
            result = None
        if result is None or not (result.answered and result.finished):
            self.tally.cut_off += 1
            await asyncio.sleep(_PAUSE)
        else:
            extension = "1001" if number == MAIN_NUMBER else number
            self.tally.made.append(Made(extension, began, time.time()))
