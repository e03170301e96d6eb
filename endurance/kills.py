"""`python -m endurance.kills`: kill voxpost again and again, and count what is lost. Nothing.

Callers leave real recordings at a real Asterisk, the mail server misbehaves at random, and
`voxpost run` is killed with SIGKILL at random moments and started again at once. Afterwards all
that Asterisk took must be in the mail accounts, each once.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from random import Random

from endurance.kills_calls import Calls
from endurance.kills_check import Verdict, count_accepted, examine
from endurance.kills_site import KillsSite, kills_site
from lab.errors import LabError
from lab.packages import PackageTree
from lab.places import lab_home
from lab.ports import free_ports
from lab.processes import Child, run_program
from lab.trees import asterisk22
from ledger.entries import Entry, State
from ledger.outbox import Outbox
from ledger.store import open_ledger, sqlite_url

_LONGEST_LIFE = 3.5  # times what it takes to start: a third of the kills come before it is ready
_ON_THE_DOT = 0.3  # share of the kills that wait for the moment after the server's 250
_LOOK = 2.0  # seconds between two looks at the ledger
_SCRIPTS = 6  # of Asterisk's at once
_ENDS = 3  # of voxpost by itself, and we give up
_EVERYTHING = 1_000_000  # entries


@dataclass(frozen=True)
class Plan:
    """How much of it. seed: the same seed chooses the same moments and faults."""

    kills: int
    voicemails: int
    seed: int
    people: int = 20
    drain_within: float = 600.0


@dataclass
class Report:
    """What happened. Times in seconds.

    on_the_dot: kills between the server's 250 and its arrival. ended_alone: voxpost's last words
    where it was not we who ended it. set_aside: refused for good, and sent by hand afterwards.
    put_off: tried again by hand, as their time had not come yet. ledger: as it ended.
    """

    plan: Plan
    start_up_seconds: float = 0.0
    kills: int = 0
    on_the_dot: int = 0
    ended_alone: list[str] = field(default_factory=list)
    calls_ended: int | None = None
    set_aside: int = 0
    put_off: int = 0
    ledger: dict[str, int] = field(default_factory=dict)
    misbehaved: dict[str, int] = field(default_factory=dict)
    seconds: float = 0.0
    verdict: Verdict = field(default_factory=Verdict)

    @property
    def is_good(self) -> bool:
        settled = self.ledger == {State.DELIVERED: self.verdict.accepted}
        return self.verdict.is_good and settled and not self.ended_alone

    def as_text(self) -> str:
        data = asdict(self)
        return json.dumps({"good": self.is_good, **data}, indent=2, default=str)


class Killer:
    """Starts voxpost and kills it, at a random moment or right after the server took a mail."""

    def __init__(self, site: KillsSite, random: Random, report: Report) -> None:
        self._longest = _LONGEST_LIFE * report.start_up_seconds
        self._site = site
        self._random = random
        self._report = report
        self._victim: Child | None = None
        self._on_the_dot = False
        self._killed = asyncio.Event()
        site.unruly.on_taken = self._taken

    async def kill_often(self, calls: Calls, kills: int, say: Callable[[str], None]) -> None:
        """Kill so often, and on until the last call has ended. Raises LabError."""
        site, report = self._site, self._report
        refusing = asyncio.create_task(site.refuse_now_and_then(self._random))
        try:
            while report.kills < kills or calls.child.is_running():
                await self.kill()
                # Each costs a second of processor: callers wait, so that they do not pile up.
                calls.pause(paused=site.scripts() > _SCRIPTS)
                if len(report.ended_alone) > _ENDS:
                    raise LabError(f"voxpost ends by itself: {report.ended_alone}")
                if report.kills % 50 == 0:
                    left, taken = count_accepted(site), len(site.unruly.taken)
                    say(f"{report.kills} kills, {left} voicemails, {taken} with the server")
        finally:
            refusing.cancel()
            await asyncio.gather(refusing, return_exceptions=True)

    async def kill(self) -> None:
        """One life of voxpost."""
        self._killed.clear()
        victim = self._victim = self._site.start()
        self._on_the_dot = self._random.random() < _ON_THE_DOT
        life = self._longest if self._on_the_dot else self._random.uniform(0, self._longest)
        try:
            async with asyncio.timeout(life):
                await self._killed.wait()
        except TimeoutError:
            self._strike()
        code = await victim.ended()
        self._report.kills += 1
        if code != -signal.SIGKILL:
            self._report.ended_alone.append(f"{code}: {victim.last_words(3)}")

    def _taken(self, _: str) -> None:
        if self._on_the_dot:
            self._report.on_the_dot += 1
            self._strike()

    def _strike(self) -> None:
        self._on_the_dot = False
        if self._victim is not None and self._victim.is_running():
            os.kill(self._victim.pid, signal.SIGKILL)
        self._killed.set()


async def run(
    plan: Plan, folder: Path, tree: PackageTree, say: Callable[[str], None] = print
) -> Report:
    """Do it. folder: new, with a short path. Raises LabError when the lab fails."""
    random = Random(plan.seed)
    report = Report(plan)
    began = time.monotonic()
    finder = free_ports(os.environ)
    async with kills_site(folder, finder, tree, random, people=plan.people) as site:
        report.start_up_seconds = round(await site.start_up_seconds(), 2)
        killing = plan.kills * _LONGEST_LIFE / 2 * report.start_up_seconds  # seconds, roughly
        calls = site.start_calls(plan.voicemails, plan.voicemails / killing)
        say(f"log of voxpost: {site.log_file}")
        try:
            await Killer(site, random, report).kill_often(calls, plan.kills, say)
        finally:
            await calls.child.stop()
        report.calls_ended = await calls.child.ended()
        site.moods.chance = 0
        site.unruly.on_taken = lambda _: None
        say(f"{report.kills} kills done, {count_accepted(site)} voicemails; now it may deliver")
        voxpost = site.start()
        try:
            await _drain(site, plan, report, voxpost)
        finally:
            await voxpost.stop(25)
        report.misbehaved = dict(Counter(site.unruly.misbehaved).most_common())
        report.verdict = await examine(site)
    report.seconds = round(time.monotonic() - began, 1)
    return report


async def _drain(site: KillsSite, plan: Plan, report: Report, voxpost: Child) -> None:
    """Wait until nothing waits; what is put off or set aside is retried by hand."""
    set_aside: set[int] = set()
    put_off: set[int] = set()
    accepted = count_accepted(site)
    ledger = await open_ledger(sqlite_url(site.folder / "state/ledger.sqlite"))
    try:
        outbox = Outbox(ledger)
        async with asyncio.timeout(plan.drain_within):
            while voxpost.is_running():
                depth = (await outbox.depth()).by_state
                report.ledger = {str(state): count for state, count in depth.items()}
                owed = await outbox.awaiting_aftercare(1)
                if report.ledger == {State.DELIVERED: accepted} and not owed:
                    break
                failed = [entry.id for entry in await outbox.newest(State.FAILED, _EVERYTHING)]
                waiting = await outbox.newest(State.WAITING, _EVERYTHING)
                later = [entry.id for entry in waiting if _is_put_off(entry)]
                set_aside.update(failed)
                put_off.update(later)
                if failed or later:
                    ids = [str(it) for it in (*failed, *later)]
                    await run_program(site.words("outbox", "retry", *ids))
                await asyncio.sleep(_LOOK)
    except TimeoutError:
        pass  # what is left stands in the report
    finally:
        await ledger.close()
    if not voxpost.is_running():
        report.ended_alone.append(voxpost.last_words(3))
    report.set_aside, report.put_off = len(set_aside), len(put_off)


def _is_put_off(entry: Entry) -> bool:
    return entry.leased_by is None and entry.due > time.time() + 5


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m endurance.kills", description=__doc__)
    parser.add_argument("--kills", type=int, default=1000)
    parser.add_argument("--voicemails", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--report", type=Path, help="write the report to this file too")
    parser.add_argument("--keep", action="store_true", help="leave the folder for a look")
    given = parser.parse_args()
    tree = asterisk22(lab_home(os.environ, Path.cwd()))
    tree.ensure(print)
    folder = Path(tempfile.mkdtemp(prefix="vk"))
    folder.chmod(0o755)  # Postfix and Dovecot work as other users
    plan = Plan(given.kills, given.voicemails, given.seed)
    try:
        report = asyncio.run(run(plan, folder, tree, lambda line: print(line, flush=True)))
    finally:
        if not given.keep:
            shutil.rmtree(folder, ignore_errors=True)
    print(report.as_text())
    if given.report:
        given.report.write_text(report.as_text() + "\n")
    sys.exit(not report.is_good)


if __name__ == "__main__":
    main()
