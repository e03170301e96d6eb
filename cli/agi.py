"""`voxpost agi NAME`: one AGI script as a process, so that a dialplan works without the daemon."""

from __future__ import annotations

import asyncio
import sys
import time
from pathlib import Path

import click

from agi.process import answer_as_process
from agi.services import TextWanted
from cli.exits import says_errors
from cli.logs import set_up_logs
from cli.opening import opened_ledger, opened_spool
from cli.options import site_option
from cli.services import SendText, SiteServices, no_texts
from ledger.outbox import Outbox
from ledger.store import Ledger
from mail.handover import Handover
from mail.missed_calls import MissedCalls
from pbx.model import Site
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
        texts = no_texts if loaded.sms is None else _texts(loaded, ledger)
        services = SiteServices(lambda: loaded, handover, missed_calls, texts)
        return await answer_as_process(name, services, sys.stdin.buffer, sys.stdout.buffer)


def _texts(site: Site, ledger: Ledger) -> SendText:
    async def send(wanted: TextWanted) -> str:
        # Most scripts send none, and a caller waits while this is imported.
        from cli.dialplan_texts import ask_for  # noqa: PLC0415
        from cli.sms_carriage import offline_requests  # noqa: PLC0415
        from ledger.text_search import TextSearch  # noqa: PLC0415

        async with offline_requests(site, ledger) as requests:
            return await ask_for(wanted, requests, site, TextSearch(ledger), time.time())

    return send
