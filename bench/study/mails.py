"""Voicemail mails a minute: voxpost from Asterisk's spool, and smtp-source beside it."""

from __future__ import annotations

import asyncio
import shutil
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from statistics import median

from bench.study.data import PEER, VOXPOST, MailRun
from bench.study.plan import Plan
from bench.study.postfix_log import PostfixLog
from bench.study.recordings import lay_down
from bench.study.site import SENDER
from bench.study.stage import ACCOUNT, BULK_BOXES, Stage
from lab.errors import LabError
from lab.ports import LOOPBACK
from lab.processes import run_program
from lab.speech import from_prompt

CONNECTIONS = 4  # as many as voxpost opens
AT_MOST = 120.0  # seconds for the mails of one round
PREPARED = "prepared"
SMTP_SOURCE = "/usr/sbin/smtp-source"


@dataclass(frozen=True)
class Size:
    """A size of mail, and how long the recording in it is, in seconds."""

    name: str
    speech: float


SMALL = Size("10 KB", 0.26)
LARGE = Size("1.2 MB", 54.5)


async def measure_mails(stage: Stage, plan: Plan, say: Callable[[str], None]) -> list[MailRun]:
    """Measure each size with each sender in turns; smtp-source's mails are as long as ours."""
    runs: list[MailRun] = []
    for number in range(plan.rounds):
        for size, count in ((SMALL, plan.small), (LARGE, plan.large)):
            ours = await _ours(stage, size, count, f"{size.name.split()[0]}-{number}")
            peer = await _peer(stage, size, ours)
            runs += [ours, peer]
            for run in (ours, peer):
                say(
                    f"{run.count} mails of {run.bytes_each:,} bytes by {run.sender}: accepted "
                    f"{run.accepted:,.0f}/min, stored {run.stored:,.0f}/min"
                )
    return runs


async def _ours(stage: Stage, size: Size, count: int, mark: str) -> MailRun:
    speech = from_prompt(stage.asterisk.sounds_dir, size.speech)
    each = count // len(BULK_BOXES)
    for box in BULK_BOXES:
        # Beside the INBOX: voxpost looks there each minute, also while this is written.
        prepared = stage.mailbox(box) / PREPARED
        await asyncio.to_thread(lay_down, prepared, each, speech, f"{mark}-{box}")

    async def send() -> None:
        for box in BULK_BOXES:
            (stage.mailbox(box) / PREPARED).rename(stage.mailbox(box) / "INBOX")
        stage.sweep()

    run = await _measure(stage, VOXPOST, size, each * len(BULK_BOXES), send)
    for box in BULK_BOXES:
        await asyncio.to_thread(shutil.rmtree, stage.mailbox(box))
    return run


async def _peer(stage: Stage, size: Size, ours: MailRun) -> MailRun:
    count, length = str(ours.count), str(ours.bytes_each)
    command = [
        *(SMTP_SOURCE, "-s", str(CONNECTIONS), "-m", count, "-l", length),
        *("-f", SENDER.address, "-t", ACCOUNT.address, f"{LOOPBACK}:{stage.mail.ports.trusted}"),
    ]

    async def send() -> None:
        code, said = await run_program(command, AT_MOST)
        if code != 0:
            raise LabError(f"{SMTP_SOURCE} failed: {said.strip()}")

    return await _measure(stage, PEER, size, ours.count, send)


async def _measure(
    stage: Stage, sender: str, size: Size, count: int, send: Callable[[], Awaitable[None]]
) -> MailRun:
    """Let somebody send, and wait until all is in the mail account."""
    log = PostfixLog(stage.mail.folder / "postfix/log")
    async with stage.meter.measuring() as usage, asyncio.TaskGroup() as group:
        group.create_task(log.until(count, AT_MOST))
        began = time.monotonic()
        await send()
    there = await _empty_account(stage)
    return MailRun(
        sender=sender,
        size=size.name,
        bytes_each=round(median(log.sizes)),
        count=count,
        in_mailbox=there,
        accepted=round(60 * count / (log.taken_at - began), 1),
        stored=round(60 * count / (log.stored_at - began), 1),
        usage=usage,
    )


async def _empty_account(stage: Stage) -> int:
    """Count what is in the mail account, and delete it."""
    folder = stage.mail.folder / "dovecot/home" / ACCOUNT.address / "Maildir"

    def count() -> int:
        return sum(1 for name in ("new", "cur") for _ in (folder / name).iterdir())

    there = await asyncio.to_thread(count)
    await stage.mail.clear(ACCOUNT.address)
    return there
