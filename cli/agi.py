"""`voxpost agi NAME`: one AGI script as a process, so that a dialplan works without the daemon."""

from __future__ import annotations

import asyncio
import sys
import time
from pathlib import Path

import click

from agi.process import answer_as_process
from cli.exits import says_errors
from cli.logs import set_up_logs
from cli.opening import opened_ledger, opened_spool
from cli.options import site_option
from cli.services import SiteServices
from ledger.outbox import Outbox
from mail.handover import Handover
from mail.missed_calls import MissedCalls
from pbx.site import load_site


@click.command()
@click.argument("name")
@click.argument("arguments", nargs=-1)
@site_option
@says_errors
def agi(name: str, arguments: tuple[str, ...], site_file: Path) -> None:
    """Run the AGI script NAME for the call at the other end of stdin and stdout.

    Asterisk starts it: AGI(/usr/bin/voxpost,agi,--site,/etc/voxpost/site.toml,voicemail-left).
    What it hands over is delivered by the daemon, now or when it is next started.
    """
    set_up_logs()
    sys.exit(asyncio.run(_answer(name, site_file)))


async def _answer(name: str, site_file: Path) -> int:
    loaded = load_site(site_file)
    async with opened_ledger(loaded) as ledger:
        outbox = Outbox(ledger)
        handover = Handover(
            site=lambda: loaded, outbox=outbox, spool=opened_spool(loaded), now=time.time
        )
        missed_calls = MissedCalls(site=lambda: loaded, outbox=outbox, now=time.time)
        services = SiteServices(lambda: loaded, handover, missed_calls)
        return await answer_as_process(name, services, sys.stdin.buffer, sys.stdout.buffer)
