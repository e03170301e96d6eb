"""Runs the whole study."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from bench.study.calls import measure_calls
from bench.study.data import Study
from bench.study.machine import describe_machine
from bench.study.mails import measure_mails
from bench.study.plan import QUICK, Plan
from bench.study.rtp import measure_sound
from bench.study.stage import staged
from bench.study.voicemails import measure_voicemails
from lab.packages import PackageTree
from lab.ports import PortFinder


async def run_study(
    folder: Path, tree: PackageTree, ports: PortFinder, plan: Plan, say: Callable[[str], None]
) -> Study:
    """Measure all of it, one thing after the other.

    folder: its own, with a short path. tree: Asterisk 22, ensured. say: prints a line of
    progress. Raises LabError, TimeoutError.
    """
    began = time.monotonic()
    machine = await describe_machine(tree)
    async with staged(folder, tree, ports, calls_at_once=plan.calls_at_once) as stage:
        rest = await stage.meter.at_rest(plan.rest)
        calls = await measure_calls(stage, plan, say)
        voicemails = await measure_voicemails(stage, plan, say)
        mails = await measure_mails(stage, plan, say)
        rtp = await measure_sound(stage, plan, say)
    return Study(
        date=datetime.now(UTC).date().isoformat(),
        quick=plan is QUICK,
        minutes=round((time.monotonic() - began) / 60, 1),
        machine=machine,
        rest=rest,
        calls=calls,
        mails=mails,
        voicemails=voicemails,
        rtp=rtp,
    )
