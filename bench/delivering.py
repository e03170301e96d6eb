"""A site whose ledger is full, `voxpost run` that empties it, and how fast it did."""

from __future__ import annotations

import asyncio
import io
import shutil
import sys
import time
import wave
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from random import Random

import psutil

from lab.errors import LabError
from lab.ports import LOOPBACK, PortFinder
from lab.processes import Child
from lab.services import service
from lab.site_sections import DOMAIN, head, no_asterisk_section
from ledger.entries import Entry, NewEntry, State
from ledger.facts import MissedCallFacts, VoicemailFacts
from ledger.outbox import Outbox
from ledger.store import open_ledger, sqlite_url
from mail.identity import message_id
from mail.spool import Spool

_LEFT_AT = 1_795_300_000
_BATCH = 2000


class FullSite:
    """A site of its own folder: people, mail server, ledger, spool.

    Arguments:
        smtp: the inline table of mail.smtp in the site file.
        people: how many, 1001 and on; each has the address EXTENSION@lab.example.
    """

    def __init__(self, folder: Path, ports: PortFinder, smtp: str, people: int = 4) -> None:
        self.folder = folder
        self._people = [str(1001 + number) for number in range(people)]
        folder.mkdir(parents=True, exist_ok=True)
        self.spool = Spool(folder / "state/spool")
        self.spool.prepare()
        people_lines = "".join(
            f'[[people]]\nextension = "{it}"\nname = "Sari {it}"\nemail = "{it}@{DOMAIN}"\n'
            for it in self._people
        )
        self.http_port = ports.one()
        self.file.write_text(f"""\
{head(self.http_port)}
{no_asterisk_section(ports)}
[mail]
smtp = {smtp}
from = "Voicemail <voicemail@{DOMAIN}>"
{people_lines}""")

    @property
    def file(self) -> Path:
        return self.folder / "site.toml"

    def voicemails(self, count: int, wav: bytes) -> list[NewEntry]:
        """Voicemail as the hand-over leaves it, each with a recording of its own in the spool."""
        entries = []
        for number in range(count):
            audio = f"{number:032x}.wav"
            self.spool.path(audio).write_bytes(wav)
            extension = self._people[number % len(self._people)]
            facts = VoicemailFacts(
                *(f"{extension}@default", f"{number}-msg", f"0812{number:08}", "Budi"),
                *(_LEFT_AT + number, (len(wav) - 44) // 16000, 1),
            )
            entries.append(_entry(f"voicemail:{number}", extension, facts, audio))
        return entries

    def missed_calls(self, count: int) -> list[NewEntry]:
        """Missed calls of two thousand callers."""
        random = Random(0)
        entries = []
        for number in range(count):
            extension = self._people[number % len(self._people)]
            facts = MissedCallFacts(
                f"0812{random.randrange(2000):08}", "Budi", _LEFT_AT + number, 1
            )
            entries.append(_entry(f"missed-call:{number}", extension, facts, None))
        return entries

    async def fill(self, entries: Sequence[NewEntry]) -> None:
        """Put entries into the ledger."""
        ledger = await open_ledger(self._url)
        try:
            box = Outbox(ledger)
            for start in range(0, len(entries), _BATCH):
                await box.add(entries[start : start + _BATCH], time.time())
        finally:
            await ledger.close()

    async def newest(self) -> Entry:
        """The entry that was put in last."""
        ledger = await open_ledger(self._url, must_exist=True)
        try:
            return (await Outbox(ledger).newest(None, 1))[0]
        finally:
            await ledger.close()

    def remove(self) -> None:
        """Delete the folder."""
        shutil.rmtree(self.folder)

    async def deliver(self, count: int | None = None, timeout: float = 600.0) -> Delivered:
        """Run voxpost until so many are delivered, or all; the time is the ledger's own.

        Raises:
            LabError: something failed or took too long.
        """
        log = self.folder / "voxpost.log"
        command = [sys.executable, "-m", "cli", "run", "--site", str(self.file), "--log", "json"]
        async with service("voxpost", command, log) as child:
            ready = time.time()
            most = await self._until(child, count, timeout)
        return await self._result(count, ready, most)

    async def _until(self, child: Child, count: int | None, timeout: float) -> float:
        """Look only now and then, so as not to disturb; returns the most memory used, bytes."""
        ledger = await open_ledger(self._url, must_exist=True)
        most = 0.0
        try:
            async with asyncio.timeout(timeout):
                while (depth := await Outbox(ledger).depth()).waiting and (
                    count is None or depth.by_state.get(State.DELIVERED, 0) < count
                ):
                    with suppress(psutil.Error):
                        most = max(most, _memory(child.pid))
                    if not child.is_running():
                        raise LabError(f"voxpost ended: {child.last_words()}")
                    await asyncio.sleep(0.25)
        finally:
            await ledger.close()
        return most

    async def _result(self, count: int | None, ready: float, most: float) -> Delivered:
        ledger = await open_ledger(self._url, must_exist=True)
        try:
            box = Outbox(ledger)
            depth = await box.depth()
            entries = await box.newest(State.DELIVERED, 10_000_000)
        finally:
            await ledger.close()
        allowed = {State.DELIVERED} if count is None else {State.DELIVERED, State.WAITING}
        if not set(depth.by_state) <= allowed:
            raise LabError(f"not all was delivered: {depth.by_state}")
        moments = sorted(entry.settled or 0.0 for entry in entries)[:count]
        return Delivered(moments, ready, most)

    @property
    def _url(self) -> str:
        return sqlite_url(self.folder / "state/ledger.sqlite")


@dataclass(frozen=True, slots=True)
class Delivered:
    """What a run of voxpost delivered.

    Arguments:
        moments: when each was settled, in order; seconds since 1970.
        ready: when voxpost was ready; seconds since 1970.
        memory: the most that it used, bytes.
    """

    moments: Sequence[float]
    ready: float
    memory: float

    @property
    def a_minute(self) -> float:
        """Messages a minute, from the first commit to the last; the first commit's do not count."""
        first, last = self.moments[0], self.moments[-1]
        after = sum(1 for moment in self.moments if moment > first)
        return after / (last - first) * 60


def recording(size: int) -> bytes:
    """A wav file with so many bytes of sound."""
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8000)
        sound.writeframes(Random(1).randbytes(size))
    return buffer.getvalue()


def sink_table(port: int) -> str:
    """mail.smtp for a sink on loopback."""
    return f'{{ host = "{LOOPBACK}", port = {port}, security = "plain" }}'


def _memory(pid: int) -> float:
    process = psutil.Process(pid)
    family: Iterable[psutil.Process] = (process, *process.children(recursive=True))
    return float(sum(it.memory_info().rss for it in family))


def _entry(
    source: str, extension: str, facts: VoicemailFacts | MissedCallFacts, audio: str | None
) -> NewEntry:
    return NewEntry(
        source=source,
        extension=extension,
        recipient=f"{extension}@{DOMAIN}",
        message_id=message_id(source, DOMAIN),
        facts=facts,
        audio=audio,
    )
