"""`voxpost run`: the daemon in the foreground, for systemd."""

from __future__ import annotations

import asyncio
import errno
import signal
from pathlib import Path

import click

from cli.daemon import Daemon
from cli.descriptors import take_descriptors
from cli.exits import Exit, fail, in_words, only_cause, says_errors
from cli.logs import LogForm, set_up_logs
from cli.memory import share_freed_memory
from cli.opening import SiteInUse, locked, opened_ledger
from cli.options import site_option
from pbx.site import load_site

_PORTS = "service.http_port, asterisk.agi.port, sms.http_port, sms.mail.port"


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
    # The site file is not read yet, so there is nothing to reread; the default would kill us.
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    set_up_logs(log_form)
    share_freed_memory()
    take_descriptors()
    try:
        asyncio.run(_run(site_file))
    except (OSError, ExceptionGroup) as error:
        cause = only_cause(error)
        if not isinstance(cause, OSError):
            raise
        taken = cause.errno == errno.EADDRINUSE
        remedy = f". Stop what listens there, or choose another port: {_PORTS}." if taken else ""
        fail(f"cannot start: {in_words(cause)}{remedy}", Exit.FAILED)


async def _run(site_file: Path) -> None:
    signals = _Signals(asyncio.get_running_loop())
    site = SiteInUse(site_file, load_site(site_file))
    with locked(site()):
        async with opened_ledger(site()) as ledger:
            daemon = Daemon(site, ledger)
            signals.obeyed_by(daemon)
            await daemon.run()


class _Signals:
    """Catches signals from the first moment on; what comes too early is done when it can be."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._daemon: Daemon | None = None
        self._early: list[signal.Signals] = []
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            loop.add_signal_handler(number, self._take, number)

    def obeyed_by(self, daemon: Daemon) -> None:
        self._daemon = daemon
        for number in self._early:
            self._take(number)

    def _take(self, number: signal.Signals) -> None:
        if self._daemon is None:
            self._early.append(number)
        elif number == signal.SIGHUP:
            self._daemon.reread()
        else:
            self._daemon.stop()
