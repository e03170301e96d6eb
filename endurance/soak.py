"""`python -m endurance.soak`: an hour of calls, deliveries and cuts, and what it did to voxpost."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from random import Random

import click

from endurance.soak_calls import Callers, Tally
from endurance.soak_check import Findings, entries_of, examine
from endurance.soak_cuts import Cutter, Done, plan_cuts
from endurance.soak_samples import Life, Sampler, lives_of
from endurance.soak_site import SoakSite, soak_site
from lab.errors import LabError
from lab.packages import PackageTree
from lab.places import lab_home
from lab.ports import free_ports
from lab.trees import asterisk22
from ledger.entries import State

_LOOK = 1.0  # seconds between two looks at the ledger
_CALM = 5  # looks at which nothing waits: what a call came to may still be on its way
_RETRY_AFTER = 60.0  # seconds to the next attempt, from which on it is asked for by hand
_IDLE = 35.0  # seconds after which voxpost closes its connections to the mail server


@dataclass(frozen=True)
class Plan:
    """How much of it. The seed chooses the calls and the cuts.

    settle_within: seconds for what waits when the calls have ended. idle: whether to wait at the
    end until voxpost rests, for the last look at its descriptors.
    """

    seconds: float
    seed: int
    callers: int = 6
    settle_within: float = 600.0
    idle: bool = True


@dataclass
class Report:
    """What happened, for people and programs."""

    plan: Plan
    tally: Tally = field(default_factory=Tally)
    cuts: list[Done] = field(default_factory=list)
    lives: list[Life] = field(default_factory=list)
    findings: Findings = field(default_factory=Findings)
    settled_after: float | None = None

    @property
    def faults(self) -> list[str]:
        """Everything that is not as it must be."""
        late = [] if self.settled_after is not None else ["the outbox did not come to rest"]
        return [*late, *self.findings.faults, *(it for life in self.lives for it in life.faults)]

    def as_json(self) -> str:
        return json.dumps({"faults": self.faults, **asdict(self)}, indent=2, default=str) + "\n"

    def as_text(self) -> str:
        """A summary of a few lines."""
        plan, tally, found = self.plan, self.tally, self.findings
        counts = Counter(it.kind for it in self.cuts)
        lines = [
            f"{plan.seconds / 60:.0f} minutes, seed {plan.seed}: {tally.calls} calls, "
            f"{tally.cut_off} cut off; {found.delivered} delivered, {found.dropped} repeated "
            "after a cut and dropped by the mail server",
            f"cuts: {', '.join(f'{count} {kind}' for kind, count in counts.items())}",
            *(_about(life) for life in self.lives),
            *(f"FAULT {fault}" for fault in self.faults),
            "not good" if self.faults else "nothing lost, nothing twice, all flat",
        ]
        return "\n".join(lines)


def _about(life: Life) -> str:
    judged = "too short to judge its growth"
    if life.memory_growth is not None:
        judged = (
            f"{life.memory_growth:+.1f} MB and {life.descriptor_growth:+.1f} descriptors an hour"
        )
    return (
        f"process {life.pid}: {life.seconds / 60:.1f} minutes, {life.highest_memory:.0f} MB at "
        f"most, {life.first_descriptors} to {life.last_descriptors} descriptors, {judged}"
    )


async def soak(
    plan: Plan, folder: Path, tree: PackageTree, say: Callable[[str], None] = print
) -> Report:
    """Do it. folder: new, with a short path, others may enter. Raises LabError; needs root."""
    random = Random(plan.seed)
    cuts = plan_cuts(random, plan.seconds)
    finder = free_ports(os.environ)
    report = Report(plan)
    async with soak_site(folder, finder, tree) as site:
        say(f"seed {plan.seed}, {len(cuts)} cuts to come; log of voxpost: {site.log_file}")
        callers = Callers(site, finder, random, plan.callers)
        cutter, sampler = Cutter(site, say), Sampler(site)
        report.tally, report.cuts = callers.tally, cutter.done
        async with asyncio.TaskGroup() as group:
            watching = [
                group.create_task(sampler.run()),
                group.create_task(_tell(site, report, sampler, say)),
            ]
            calling = group.create_task(
                callers.call_until(asyncio.get_running_loop().time() + plan.seconds)
            )
            await asyncio.wait([calling, group.create_task(cutter.run(cuts))])
            report.settled_after = await _settle(site, plan)
            if plan.idle:
                await asyncio.sleep(_IDLE)
            for task in watching:
                task.cancel()
        sampler.look()
        report.lives = lives_of(sampler.samples)
        await site.stop_voxpost()
        report.findings = await examine(site, report.tally, report.cuts)
    return report


async def _tell(
    site: SoakSite, report: Report, sampler: Sampler, say: Callable[[str], None]
) -> None:
    """A line a minute."""
    for minute in range(1, sys.maxsize):
        await asyncio.sleep(60)
        states = Counter(str(entry.state) for entry in await entries_of(site))
        sample = sampler.samples[-1]
        say(
            f"{minute} min: {report.tally.calls} calls, {report.tally.cut_off} cut off, "
            f"{len(report.cuts)} cuts; outbox {dict(states)}; voxpost {sample.pid}: "
            f"{sample.memory / 1e6:.1f} MB, {sample.descriptors} descriptors"
        )


async def _settle(site: SoakSite, plan: Plan) -> float | None:
    """Wait until nothing waits; returns the seconds that took, None if it does not come to rest."""
    began = time.time()
    asked: set[int] = set()
    calm = 0
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(plan.settle_within):
            while calm < _CALM:
                entries = await entries_of(site)
                waiting = [entry for entry in entries if entry.state is State.WAITING]
                owed = any(entry.aftercare for entry in entries)
                calm = 0 if waiting or owed else calm + 1
                later = {it.id for it in waiting if it.due > time.time() + _RETRY_AFTER} - asked
                if later:
                    asked |= later
                    await site.command("outbox", "retry", *map(str, sorted(later)))
                await asyncio.sleep(_LOOK)
            return time.time() - began
    return None


@click.command()
@click.option("--minutes", default=60.0, show_default=True, help="How long calls are made.")
@click.option("--seed", type=int, help="Chooses calls and cuts; one of its own when left out.")
@click.option("--callers", default=6, show_default=True, help="Callers at once.")
@click.option(
    "--report",
    "report_folder",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder for soak.json and voxpost's log.",
)
def main(minutes: float, seed: int | None, callers: int, report_folder: Path | None) -> None:
    """Soak voxpost: calls, deliveries and cuts. Needs root. Exits 1 when something is not good."""
    tree = asterisk22(lab_home(os.environ, Path.cwd()))
    folder = Path(tempfile.mkdtemp(prefix="vs"))
    folder.chmod(0o755)  # Postfix and Dovecot work as other users
    plan = Plan(60 * minutes, Random().randrange(10**6) if seed is None else seed, callers)
    try:
        tree.ensure(click.echo)
        report = asyncio.run(soak(plan, folder, tree, click.echo))
        if report_folder is not None:
            report_folder.mkdir(parents=True, exist_ok=True)
            (report_folder / "soak.json").write_text(report.as_json())
    except LabError as error:
        raise click.ClickException(str(error)) from error
    finally:
        if report_folder is not None and (folder / "voxpost.log").exists():
            report_folder.mkdir(parents=True, exist_ok=True)
            shutil.copy(folder / "voxpost.log", report_folder)
        shutil.rmtree(folder, ignore_errors=True)
    click.echo(report.as_text())
    sys.exit(bool(report.faults))


if __name__ == "__main__":
    main()
