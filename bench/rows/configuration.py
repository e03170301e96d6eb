"""Ten thousand people: rendering their configuration, and Asterisk's reload after one change."""

from __future__ import annotations

import asyncio
import json
from statistics import median
from time import perf_counter

from ami.reload import Reloader
from ami.settings import AmiSettings
from bench.big_site import APPLY_SECRET, APPLY_USER, BigSite
from bench.place import Place
from bench.result import Result
from bench.serving import once
from cli.ami_session import manager_session
from cli.program import own_program
from dialplan_templates.modules import modules_of
from lab.asterisk import PrivateAsterisk
from lab.ports import LOOPBACK, AsteriskPorts
from lab.processes import run_program

PEOPLE = 10_000
ROUNDS = 5
CHANGES = {
    "phone_password": "one person's password",
    "pin": "one person's PIN",
    "name": "one person's name",
}
NOTHING = "nothing"  # what a reload of PJSIP costs of itself


async def measure(place: Place) -> list[Result]:
    """Render in full, several times; then change one person and reload what that touches."""
    asterisk = PrivateAsterisk(
        place.asterisk22, place.folder / "pbx", AsteriskPorts.pick(place.ports)
    )
    asterisk.prepare()
    people = max(100, round(PEOPLE * place.share))
    site = BigSite(place.folder, asterisk, people, place.ports.one())
    site.write()
    return [*await _rendered(place, site), *await _reloaded(place, site)]


async def _rendered(place: Place, site: BigSite) -> list[Result]:
    command = [str(own_program()), "generate-config", "--site", str(site.file), "--output"]
    runs = [await once(*command, str(place.folder / f"{number}")) for number in range(ROUNDS)]
    seconds = median(run[0] for run in runs)
    megabytes = max(run[1] for run in runs)
    place.say(f"render: {seconds:.2f} s, {megabytes:.0f} MB")
    what = f"render {site.count:,} people"
    return [
        Result(what, "s", ours=seconds, target=1.0),
        Result(f"{what}, memory", "MB", ours=megabytes, target=200),
    ]


async def _reloaded(place: Place, site: BigSite) -> list[Result]:
    await _generate(site)
    settings = AmiSettings(
        LOOPBACK, site.asterisk.ports.ami, APPLY_USER, APPLY_SECRET, events=False
    )
    seconds: dict[str, list[float]] = {column: [] for column in (*CHANGES, NOTHING)}
    await site.asterisk.start(timeout=120)
    try:
        async with manager_session(settings) as connection:
            reloader = Reloader(connection)
            for number in range(ROUNDS):
                for column, took in seconds.items():
                    modules: tuple[str, ...] = ("res_pjsip",)
                    if column != NOTHING:
                        site.change(number, column, f"98765432{number}")
                        modules = modules_of(await _generate(site))
                    await asyncio.sleep(1)  # Asterisk has ended what the last reload began
                    began = perf_counter()
                    for module in modules:
                        await reloader.reload(module)
                    took.append(perf_counter() - began)
                    place.say(f"{column}: {', '.join(modules)} in {took[-1]:.2f} s")
    finally:
        await site.asterisk.stop()
    return [
        Result(
            f"reload in Asterisk of {site.count:,} people after "
            f"{CHANGES.get(column, NOTHING)} changed",
            "s",
            ours=median(took),
            target=1.0,
        )
        for column, took in seconds.items()
    ]


async def _generate(site: BigSite) -> list[str]:
    """Write Asterisk's folder; returns the files that differed."""
    command = [str(own_program()), "generate-config", "--site", str(site.file), "--json"]
    code, said = await run_program([*command, "--output", str(site.asterisk.etc_dir)])
    if code != 0:
        raise RuntimeError(said)
    names: list[str] = json.loads(said)["names"]
    return names
