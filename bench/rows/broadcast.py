"""A broadcast through Kannel to fakesmsc, against Kannel's own bulk sender, mtbatch.

Both speak to bearerbox as its boxes do; no smsbox is in the way of either.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from statistics import median

import psutil

from bench.place import Place
from bench.result import Result
from bench.serving import printed, serving
from lab.kannel import PrivateKannel
from lab.kannel_conf import SMSC_OUT, KannelPorts
from lab.packages import PackageTree
from lab.places import lab_home
from lab.ports import LOOPBACK, PortFinder
from lab.processes import run_program
from lab.site_sections import head, no_asterisk_section
from lab.trees import kannel

_TEXTS = 10_000
_ROUNDS = 3
_TEXT = "Yth. {name}, obat Anda sudah bisa diambil di Klinik Sehat."
_LOOK = 0.01  # seconds
_WITHIN = 300.0  # seconds


async def measure(place: Place) -> list[Result]:
    """Ours and theirs in turns, to the same SMSC; each of a Kannel of its own."""
    count = max(200, round(_TEXTS * place.share))
    tree = kannel(lab_home(os.environ, Path.cwd()))
    tree.ensure(place.say)
    ours, peers, memory = [], [], []
    for turn in range(_ROUNDS):
        folder = place.folder / str(turn)
        mine, grown, most = await _voxpost(folder / "ours", place.ports, tree, count)
        ours.append(mine)
        memory.append(grown)
        peers.append(await _mtbatch(folder / "peer", place.ports, tree, count))
        place.say(
            f"round {turn + 1}: {mine:,.0f} against {peers[-1]:,.0f} a second; "
            f"memory grew by {grown:.1f} MB to {most:.0f} MB"
        )
    ratio = median(mine / theirs for mine, theirs in zip(ours, peers, strict=True))
    peer = median(peers)
    name = f"broadcast of {_TEXTS:,} texts through Kannel to fakesmsc"
    return [
        Result(name, "texts/s", ratio * peer, 0.5, peer, "Kannel's own bulk sender, mtbatch"),
        Result(f"{name}, memory it takes", "MB", ours=median(memory), target=10),
    ]


async def _voxpost(
    folder: Path, ports: PortFinder, tree: PackageTree, count: int
) -> tuple[float, float, float]:
    """Texts a second; megabytes gained from the first tenth to the end, and the most."""
    folder.mkdir(parents=True)
    kannel_ports = KannelPorts.pick(ports)
    site = folder / "site.toml"
    site.write_text(_site(ports, kannel_ports))
    listed = folder / "list.csv"
    rows = (f"+62812{number:07},Pelanggan {number}" for number in range(count))
    listed.write_text("\n".join(("number,name", *rows)) + "\n")
    async with (
        _kannel(folder, kannel_ports, tree) as box,
        serving(folder, "cli", "run", "--site", str(site)) as voxpost,
    ):
        process = psutil.Process(voxpost.pid)
        sizes: list[float] = []

        def look(done: int) -> None:
            if done >= count // 10:
                sizes.append(process.memory_info().rss / 1e6)

        words = ("--file", str(listed), "--text", _TEXT, "--send")
        create = ("cli", "sms", "broadcast", "create", "promo", *words, "--site", str(site))
        rate = await _rate(folder, box, count, lambda: _created(create), look)
    return rate, sizes[-1] - sizes[0], max(sizes)


async def _created(words: tuple[str, ...]) -> None:
    await printed(*words)


async def _mtbatch(folder: Path, ports: PortFinder, tree: PackageTree, count: int) -> float:
    folder.mkdir(parents=True)
    kannel_ports = KannelPorts.pick(ports)
    content, receivers = folder / "content", folder / "receivers"
    content.write_text(_TEXT.format(name="Pelanggan 1234"))
    receivers.write_text("".join(f"62812{number:07}\n" for number in range(count)))
    async with _kannel(folder, kannel_ports, tree) as box:
        where = ("-b", LOOPBACK, "-p", str(kannel_ports.smsbox), "-f", "100", "-r", SMSC_OUT)
        reports = ("-D", "31", "-u", f"http://{LOOPBACK}/")
        program = tree.command("usr/bin/mtbatch")
        command = [*program, "-v", "4", *where, *reports, str(content), str(receivers)]

        async def send() -> None:
            await run_program(command, _WITHIN)

        return await _rate(folder, box, count, send, lambda _: None)


async def _rate(
    folder: Path,
    box: PrivateKannel,
    count: int,
    send: Callable[[], Awaitable[None]],
    look: Callable[[int], None],
) -> float:
    """Texts a second, from the first one that the SMSC has to the last."""
    sending = asyncio.ensure_future(send())
    came = box.count_texts
    began = 0.0
    try:
        async with asyncio.timeout(_WITHIN):
            while (done := came()) < count:
                if done and not began:
                    began, first = time.monotonic(), done
                look(done)
                await asyncio.sleep(_LOOK)
            ended = time.monotonic()
        await sending
    finally:
        sending.cancel()
    look(count)
    return (count - first) / (ended - began)


def _kannel(folder: Path, ports: KannelPorts, tree: PackageTree) -> PrivateKannel:
    return PrivateKannel(tree, folder / "kannel", ports, incoming_url=None)


def _site(ports: PortFinder, kannel_ports: KannelPorts) -> str:
    return f"""\
{head(ports.one())}
{no_asterisk_section(ports)}
[mail]
smtp = {{ host = "127.0.0.1", port = {ports.one()}, security = "plain" }}
from = "SMS <sms@lab.example>"
[sms]
desk = "desk@lab.example"
broadcast_per_day = 1000000
http_port = {ports.one()}
[[sms.gateways]]
name = "kannel"
kind = "kannel-box"
port = {kannel_ports.smsbox}
number = "100"
smsc = "{SMSC_OUT}"
per_minute = 600000
window = 500
per_day = 1000000
"""
