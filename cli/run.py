"""`voxpost run`: the daemon in the foreground, for systemd."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path

import click

from cli.daemon import Daemon
from cli.exits import Exit, fail, says_errors
from cli.logs import LogForm, set_up_logs
from cli.opening import LOCK_FILE, SiteInUse, opened_ledger
from cli.options import site_option
from ledger.store import only_one
from pbx.site import load_site


@click.command()
@site_option
@click.option(
    "--log",
    "log_form",
    type=click.Choice(["auto", "text", "json"]),
    default="auto",
    show_default=True,
    help="Log as text or JSON; auto is text in a terminal.",
)
@says_errors
def run(site_file: Path, log_form: LogForm) -> None:
    """Run the daemon in the foreground.

    SIGHUP rereads the site file. SIGTERM finishes what is on the wire and ends.
    """
    set_up_logs(log_form)
    try:
        asyncio.run(_run(site_file))
    except* OSError as group:
        fail(f"cannot start: {group.exceptions[0]}", Exit.FAILED)


async def _run(site_file: Path) -> None:

    site = SiteInUse(site_file, load_site(site_file))
    with only_one(site().service.state_dir / LOCK_FILE):
        async with opened_ledger(site()) as ledger:
            daemon = Daemon(site, ledger)
            loop = asyncio.get_running_loop()
            for number in (signal.SIGTERM, signal.SIGINT):
                loop.add_signal_handler(number, daemon.stop)
            loop.add_signal_handler(signal.SIGHUP, daemon.reread)
            await daemon.run()
