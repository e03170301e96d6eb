"""Messages a minute to one sink, against postfix's smtp-source with one connection a message."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from statistics import median

from bench.delivering import FullSite, recording, sink_table
from bench.place import Place
from bench.result import Result
from bench.sinks import smtp_sink, smtp_source
from mail.message import Message
from mail.writer import EntryWriter
from pbx.site import load_site

_ROUNDS = 3
AGAINST = "smtp-source, one connection a message"
AUDIO = 900_000  # bytes; 1.2 MB as an e-mail
# What a company's own page adds: with it a letter is one of 10 kB.
_FOOTER = "<p>" + "This e-mail is meant for its addressee alone. " * 140 + "</p>\n"

Fill = Callable[[FullSite], Awaitable[None]]


async def large(place: Place) -> list[Result]:
    """Voicemail of 1.2 MB, from the spool and the ledger."""
    count = max(20, round(400 * place.share))
    wav = recording(AUDIO)

    async def fill(site: FullSite) -> None:
        await site.fill(site.voicemails(count, wav))

    name = "1.2 MB voicemails from spool and ledger to a sink"
    return [await _against_source(place, name, count, 0.9, fill)]


async def small(place: Place) -> list[Result]:
    """Letters of 10 KB, from the ledger."""
    count = max(500, round(15_000 * place.share))

    async def fill(site: FullSite) -> None:
        own_layout(site)
        await site.fill(site.missed_calls(count))

    name = "10 KB messages from the ledger to a sink"
    return [await _against_source(place, name, count, 0.5, fill)]


def own_layout(site: FullSite) -> None:
    """Give the site a page of its own with a long footer."""
    ours = Path(__file__).parents[2] / "mail/texts/layout.html"
    texts = site.folder / "texts"
    texts.mkdir(exist_ok=True)
    wrapped = "\n".join(_FOOTER[at : at + 90] for at in range(0, len(_FOOTER), 90))
    (texts / "layout.html").write_text(ours.read_text().replace("</body>", f"{wrapped}</body>"))
    text = site.file.read_text().replace("[mail]\n", '[mail]\ntexts_dir = "texts"\n')
    site.file.write_text(text)


async def _against_source(place: Place, name: str, count: int, target: float, fill: Fill) -> Result:
    ours, peers = [], []
    for turn in range(_ROUNDS):
        port = place.ports.one()
        folder = place.folder / str(turn)
        site = FullSite(folder, place.ports, sink_table(port))
        await fill(site)
        size = (await sample(site)).size
        async with smtp_sink(port, folder):
            ours.append((await site.deliver()).a_minute)
        async with smtp_sink(port, folder):
            seconds = await smtp_source(port, count, size, "1001@lab.example")
        peers.append(count / seconds * 60)
        place.say(f"round {turn + 1}: {ours[-1]:,.0f} against {peers[-1]:,.0f} a minute")
        site.remove()
    ratio = median(mine / theirs for mine, theirs in zip(ours, peers, strict=True))
    peer = median(peers)
    return Result(name, "messages/min", ratio * peer, target, peer, AGAINST)


async def sample(site: FullSite) -> Message:
    """One of the site's messages, before they are delivered."""
    loaded = load_site(site.file)
    entry = await site.newest()
    return EntryWriter(lambda: loaded, site.spool).write(entry, None).message
