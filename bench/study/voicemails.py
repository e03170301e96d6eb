"""Voicemails that real calls leave, and how soon they are in the mail account."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path

from bench.study.data import Percentiles, VoicemailRun
from bench.study.plan import Plan
from bench.study.site import SPEAK
from bench.study.stage import SPOKEN_BOXES, Stage
from lab.errors import LabError
from lab.load_result import Delays
from lab.phone import Phone
from lab.speech import from_prompt

SPEECH = 4.0  # seconds
BEEP = 0.6  # seconds until it is over
AT_MOST = 20.0  # seconds until a mail must be there


async def measure_voicemails(stage: Stage, plan: Plan, say: Callable[[str], None]) -> VoicemailRun:
    """Let callers speak, all at once, each to a mailbox of their own.

    Raises LabError when a call is not answered or a mail does not come.
    """
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(_leave(stage, box)) for box in SPOKEN_BOXES[: plan.voicemails]]
    delays = Delays.of(task.result() for task in tasks)
    say(f"{len(tasks)} voicemails by telephone: in the mail account after {delays.median:.0f} ms")
    return VoicemailRun(len(tasks), len(delays), Percentiles.of(delays))


async def _leave(stage: Stage, box: str) -> float:
    """Leave a voicemail.

    Returns the milliseconds from the recording's last write until the mail stood there.
    """
    speech = from_prompt(stage.asterisk.sounds_dir, SPEECH)
    call = await Phone(stage.tree, stage.ports).call(
        SPEAK + box, stage.asterisk.ports.sip, speech=speech, speak_after=BEEP
    )
    if not call.answered:
        raise LabError(f"the call to {SPEAK}{box} was not answered: {call.words}")
    mails = stage.mail.folder / f"dovecot/home/{box}@lab.example/Maildir/new"
    mail = await _first(mails, "*")
    recording = await _first(stage.mailbox(box) / "INBOX", "*.wav")
    return (mail.stat().st_ctime_ns - recording.stat().st_mtime_ns) / 1e6


async def _first(folder: Path, pattern: str) -> Path:
    until = time.monotonic() + AT_MOST
    while time.monotonic() < until:
        if found := next(folder.glob(pattern), None):
            return found
        await asyncio.sleep(0.02)
    raise LabError(f"nothing came into {folder} in {AT_MOST:.0f} s")
