"""What voxpost takes when it does nothing: the help's time and the daemon's memory."""

from __future__ import annotations

import asyncio
from statistics import median

import psutil

from bench.big_site import BigSite
from bench.place import Place
from bench.result import Result
from bench.serving import once
from cli.program import own_program
from lab.asterisk import PrivateAsterisk
from lab.ports import AsteriskPorts
from lab.processes import run_program
from lab.services import service

PEOPLE = 100
RUNS = 10
REST = 15.0  # seconds after its start


async def measure(place: Place) -> list[Result]:
    """The help's median, and the daemon's resident memory, connected to a real Asterisk."""
    program = str(own_program())
    await once(program, "--help")  # the files come from the disk once
    times = [(await once(program, "--help"))[0] for _ in range(RUNS)]
    return [
        Result("voxpost --help", "ms", ours=1000 * median(times), target=150),
        Result("daemon at rest, 100 people", "MB", ours=await _resident(place), target=80),
    ]


async def _resident(place: Place) -> float:
    asterisk = PrivateAsterisk(
        place.asterisk22, place.folder / "pbx", AsteriskPorts.pick(place.ports)
    )
    asterisk.prepare()
    site = BigSite(place.folder, asterisk, PEOPLE, place.ports.one())
    site.write()
    program = str(own_program())
    etc = str(asterisk.etc_dir)
    code, said = await run_program(
        [program, "generate-config", "--site", str(site.file), "--output", etc]
    )
    if code != 0:
        raise RuntimeError(said)
    command = [program, "run", "--site", str(site.file)]
    async with asterisk, service("voxpost", command, place.folder / "log") as daemon:
        await asyncio.sleep(max(3.0, REST * place.share))
        resident: int = psutil.Process(daemon.pid).memory_info().rss
    place.say(f"daemon: {resident / 2**20:.1f} MB")
    return resident / 2**20
