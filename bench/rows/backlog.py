"""Delivery with a hundred thousand messages waiting in the ledger, against an empty one."""

from __future__ import annotations

from statistics import median

from bench.delivering import FullSite, sink_table
from bench.place import Place
from bench.result import Result
from bench.sinks import smtp_sink

_ROUNDS = 3
_MEGABYTE = 1_000_000


async def measure(place: Place) -> list[Result]:
    """The same messages, alone and before a long queue."""
    count = max(500, round(10_000 * place.share))
    backlog = max(2000, round(100_000 * place.share))
    full, alone, memory = [], [], []
    for turn in range(_ROUNDS):
        alone.append((await _deliver(place, f"{turn}-alone", count, 0))[0])
        rate, most = await _deliver(place, f"{turn}-full", count, backlog)
        full.append(rate)
        memory.append(most / _MEGABYTE)
        rates = f"{full[-1]:,.0f} against {alone[-1]:,.0f} a minute"
        place.say(f"round {turn + 1}: {rates}, {memory[-1]:.0f} MB")
    ratio = median(mine / theirs for mine, theirs in zip(full, alone, strict=True))
    peer = median(alone)
    name = "delivery with a backlog of 100,000 messages"
    return [
        Result(name, "messages/min", ratio * peer, 0.9, peer, "an empty ledger"),
        Result("memory with that backlog", "MB", max(memory), 120.0),
    ]


async def _deliver(place: Place, name: str, count: int, backlog: int) -> tuple[float, float]:
    port = place.ports.one()
    site = FullSite(place.folder / name, place.ports, sink_table(port))
    await site.fill(site.missed_calls(count + backlog))
    async with smtp_sink(port, site.folder):
        delivered = await site.deliver(count)
    site.remove()
    return delivered.a_minute, delivered.memory
