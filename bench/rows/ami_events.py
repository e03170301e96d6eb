"""AMI events a second, 1 in 50 wanted, against panoramisk as it comes."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path
from statistics import median

from bench.ami_stream import ONE_IN
from bench.place import Place
from bench.result import Result
from bench.serving import printed, serving
from lab import minimal_config
from lab.asterisk import PrivateAsterisk
from lab.phone import Phone
from lab.ports import LOOPBACK, AsteriskPorts
from lab.speech import from_prompt

ROUNDS = 7
EVENTS = {"ours": 3_000_000, "panoramisk": 300_000}  # each for two to four seconds
_SECRET = "bench-secret"
_CALLS = 3


async def measure(place: Place) -> list[Result]:
    """Both read the same recording of a real Asterisk, in turns; the median round counts."""
    recording = place.folder / "recording"
    recording.write_bytes(await _recorded(place))
    rates: dict[str, list[float]] = {name: [] for name in EVENTS}
    for _ in range(ROUNDS):
        for name, full in EVENTS.items():
            rates[name].append(await _one(place, name, recording, full))
        place.say("; ".join(f"{name} {done[-1]:,.0f} events/s" for name, done in rates.items()))
    pairs = zip(rates["ours"], rates["panoramisk"], strict=True)
    ratio = median(ours / theirs for ours, theirs in pairs)
    peer = median(rates["panoramisk"])
    return [
        Result(
            "AMI events, 1 in 50 wanted",
            "events/s",
            ours=peer * ratio,
            peer=peer,
            target=10,
            against="panoramisk as it comes",
        )
    ]


async def _one(place: Place, name: str, recording: Path, full: int) -> float:
    events = str(max(ONE_IN * 100, round(full * place.share / ONE_IN) * ONE_IN))
    port = str(place.ports.one())
    async with serving(place.folder, "bench.ami_stream", port, str(recording), events):
        return float(await printed("bench.ami_readers", name, port, events))


async def _recorded(place: Place) -> bytes:
    """The events of some calls to a mailbox, as voxpost's account sees them."""
    ports = AsteriskPorts.pick(place.ports)
    asterisk = PrivateAsterisk(place.asterisk22, place.folder / "pbx", ports)
    minimal_config.write(asterisk.etc_dir, ports, _SECRET)
    async with asterisk:
        reader, writer = await asyncio.open_connection(LOOPBACK, ports.ami)
        writer.write(f"Action: Login\r\nUsername: voxpost\r\nSecret: {_SECRET}\r\n\r\n".encode())
        phone = Phone(place.asterisk22, place.ports)
        speech = from_prompt(asterisk.sounds_dir, 3.0)
        for _ in range(_CALLS):
            await phone.call("6001", ports.sip, speech=speech, speak_after=7.0)
        recorded = bytearray()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(2.0):
                while data := await reader.read(1 << 16):
                    recorded += data
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()
    return bytes(recorded)
