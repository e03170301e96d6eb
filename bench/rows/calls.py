"""Calls a second through a real Asterisk with one script, none failing, against a bare server."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from statistics import median

from bench.agi_servers import SCRIPT
from bench.place import Place
from bench.result import Result
from bench.serving import serving
from lab import minimal_config
from lab.asterisk import PrivateAsterisk
from lab.call_load import CallLoad
from lab.ports import AsteriskPorts

ROUNDS = 3
FIRST_RATE = 100  # calls a second
STEP = 1.1
HIGHEST_RATE = 1200
SECONDS = 4.0
NUMBER = "101"  # minimal_config: answer, AGI, hang up
SERVERS = ("ours", "bare")


@dataclass(frozen=True)
class _Exchange:
    asterisk: PrivateAsterisk
    load: CallLoad
    agi_ports: dict[str, int]


async def measure(place: Place) -> list[Result]:
    """Both climb the same steps in turns until a call fails; the median of the rounds counts."""
    best: dict[str, list[float]] = {name: [] for name in SERVERS}
    async with _exchange(place) as exchange:
        for number in range(ROUNDS):
            climbed = await _climb(place, exchange, reverse=bool(number % 2))
            for name in SERVERS:
                best[name].append(climbed[name])
            place.say(", ".join(f"{name} {rate:.0f} calls/s" for name, rate in climbed.items()))
    return [
        Result(
            "calls through Asterisk, one script, none failing",
            "calls/s",
            ours=median(best["ours"]),
            peer=median(best["bare"]),
            target=0.95,
            against="a bare asyncio server",
        )
    ]


async def _climb(place: Place, exchange: _Exchange, *, reverse: bool) -> dict[str, float]:
    """The calls a second that each server's last step without a failed call had."""
    clean = dict.fromkeys(SERVERS, 0.0)
    climbing = set(SERVERS)
    rate = float(FIRST_RATE)
    while climbing and rate <= HIGHEST_RATE:
        for name in sorted(SERVERS, reverse=reverse):
            if name not in climbing:
                continue
            await exchange.asterisk.rx(f"dialplan set global AGI_PORT {exchange.agi_ports[name]}")
            result = await exchange.load.run(
                NUMBER,
                exchange.asterisk.ports.sip,
                rate=round(rate),
                seconds=max(1.0, SECONDS * place.share),
            )
            if result.failed or result.succeeded < result.attempted:
                climbing.discard(name)
            else:
                clean[name] = result.per_second
        rate *= STEP
    return clean


@asynccontextmanager
async def _exchange(place: Place) -> AsyncIterator[_Exchange]:
    """Asterisk, and both FastAGI servers, each in a process of its own."""
    ports = AsteriskPorts.pick(place.ports, rtp=2 * HIGHEST_RATE)
    asterisk = PrivateAsterisk(place.asterisk22, place.folder / "pbx", ports)
    minimal_config.write(asterisk.etc_dir, ports, "bench-secret")
    agi_ports = {name: place.ports.one() for name in SERVERS}
    for name in SERVERS:
        (place.folder / name).mkdir()
    async with (
        serving(place.folder / "ours", "bench.agi_servers", "ours", str(agi_ports["ours"])),
        serving(place.folder / "bare", "bench.agi_servers", "bare", str(agi_ports["bare"])),
        asterisk,
    ):
        await asterisk.rx(f"dialplan set global AGI_NAME {SCRIPT}")
        yield _Exchange(asterisk, CallLoad(place.asterisk22, place.ports), agi_ports)
