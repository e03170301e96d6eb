"""Calls a second and ringing delay: without voxpost, with it, and with the least that could be."""

from __future__ import annotations

from collections.abc import Callable

from bench.study import site
from bench.study.data import BARE, WITH, WITHOUT, CallRun, Percentiles
from bench.study.plan import Plan
from bench.study.stage import Stage
from lab.call_load import CallLoad

WAYS = {WITHOUT: site.PLAIN, WITH: site.ASKS_VOXPOST, BARE: site.ASKS_BARE}


async def measure_calls(stage: Stage, plan: Plan, say: Callable[[str], None]) -> list[CallRun]:
    """Measure every rate each way, in turns, so that what disturbs the machine disturbs all."""
    load = CallLoad(stage.tree, stage.ports)
    for number in WAYS.values():  # the first calls load code and open connections
        await load.run(number, stage.asterisk.ports.sip, rate=20, seconds=0.5)
    runs: list[CallRun] = []
    for _ in range(plan.rounds):
        ways = list(WAYS)
        for rate in plan.rates:
            for way in list(ways):
                run = await _measure(stage, load, way, rate, plan.calls_for)
                runs.append(run)
                say(f"{rate} calls/s {way}: {run.carried:.0f}/s answered, {run.failed} failed")
                if run.failed:
                    ways.remove(way)  # more would fail more, and take minutes to recover
    return runs


async def _measure(stage: Stage, load: CallLoad, way: str, rate: int, seconds: float) -> CallRun:
    await stage.quiet()
    async with stage.meter.measuring() as usage:
        result = await load.run(WAYS[way], stage.asterisk.ports.sip, rate=rate, seconds=seconds)
    return CallRun(
        way=way,
        asked=rate,
        carried=round(result.per_second, 1),
        attempted=result.attempted,
        failed=result.failed,
        retransmissions=result.retransmissions,
        ringing=Percentiles.of(result.ringing),
        answer=Percentiles.of(result.answer),
        usage=usage,
    )
