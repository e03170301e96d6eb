"""FastAGI sessions a second, against a bare asyncio server that does just that."""

from __future__ import annotations

from statistics import median

from bench.place import Place
from bench.result import Result
from bench.serving import printed, serving

CLIENTS = 64
ROUNDS = 7
SECONDS = 4.0


async def measure(place: Place) -> list[Result]:
    """Both servers stand at once and are asked in turns; the median round counts."""
    ports = {"ours": place.ports.one(), "bare": place.ports.one()}
    rates: dict[str, list[float]] = {"ours": [], "bare": []}
    seconds = max(0.3, SECONDS * place.share)
    folders = {name: place.folder / name for name in ports}
    for folder in folders.values():
        folder.mkdir()
    async with (
        serving(folders["ours"], "bench.agi_servers", "ours", str(ports["ours"])),
        serving(folders["bare"], "bench.agi_servers", "bare", str(ports["bare"])),
    ):
        for number in range(ROUNDS):
            # The first of a round is not always the same one.
            for name in sorted(ports, reverse=bool(number % 2)):
                said = await printed("bench.agi_load", str(ports[name]), str(CLIENTS), f"{seconds}")
                rates[name].append(float(said))
            place.say(f"ours {rates['ours'][-1]:,.0f}, bare {rates['bare'][-1]:,.0f} sessions/s")
    ratio = median(a / b for a, b in zip(rates["ours"], rates["bare"], strict=True))
    peer = median(rates["bare"])
    return [
        Result(
            "FastAGI sessions, 64 clients, one command",
            "sessions/s",
            ours=peer * ratio,
            peer=peer,
            target=0.9,
            against="a bare asyncio server",
        )
    ]
