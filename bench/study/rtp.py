"""Sound: what one call loses and waits for while background calls rise to the limit."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from bench.study import site
from bench.study.data import Percentiles, RtpRun
from bench.study.plan import Plan
from bench.study.stage import Stage
from bench.study.summary import good_sound
from lab.call_load import CallLoad
from lab.errors import LabError
from lab.rtp_probe import measure_rtp
from lab.speech import Speech, from_prompt

ARRIVING = 50  # background calls a second
SETTLE = 1.0  # seconds after the last of them
TO_THE_END = 600.0  # seconds; the background calls last until all is measured


async def measure_sound(stage: Stage, plan: Plan, say: Callable[[str], None]) -> list[RtpRun]:
    """Measure with more and more background calls, and stop where Asterisk's limit is passed."""
    speech = from_prompt(stage.asterisk.sounds_dir, 20)
    background: list[asyncio.Task[object]] = []
    runs: list[RtpRun] = []
    try:
        for calls in plan.background:
            if more := calls - (runs[-1].asked if runs else 0):
                background.append(asyncio.create_task(_call(stage, more, speech)))
                await asyncio.sleep(more / ARRIVING + SETTLE)
            for task in background:
                if task.done():
                    raise LabError(f"background calls ended too soon: {task.exception()}")
            try:
                run = await _measure(stage, calls, plan.rtp_for)
            except (LabError, TimeoutError) as trouble:
                say(f"{calls} background calls are too many for Asterisk: {trouble}")
                break
            runs.append(run)
            say(
                f"{run.calls} of {calls} background calls: {run.lost_percent:.1f} % lost, "
                f"round trip {run.round_trip.p50} ms, jitter {run.jitter.p50} ms"
            )
            if not good_sound(run):
                break
    finally:
        for task in background:
            task.cancel()
        await asyncio.gather(*background, return_exceptions=True)
    return runs


async def _call(stage: Stage, calls: int, speech: Speech) -> object:
    """Call the echo and speak to it without end."""
    return await CallLoad(stage.tree, stage.ports).run(
        site.ECHO,
        stage.asterisk.ports.sip,
        rate=ARRIVING,
        seconds=calls / ARRIVING,
        hold=TO_THE_END,
        speech=speech,
    )


async def _measure(stage: Stage, calls: int, seconds: float) -> RtpRun:
    up = await stage.calls_up()
    async with stage.meter.measuring() as usage:
        measured = await measure_rtp(stage.asterisk, stage.ports, seconds)
    return RtpRun(
        asked=calls,
        calls=up,
        sent=measured.sent,
        lost_percent=round(measured.lost_percent, 2),
        round_trip=Percentiles.of(measured.round_trip),
        jitter=Percentiles.of(measured.jitter),
        usage=usage,
    )
