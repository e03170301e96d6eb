"""`voxpost status`: connections, the outbox, the last errors."""

from __future__ import annotations

import asyncio
import http.client
import json
import time
import urllib.error
import urllib.request
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from cli.exits import Exit, says_errors
from cli.opening import opened_ledger
from cli.options import json_option, print_json, site_option
from cli.plain import plain
from cli.sms_status import gateway_lines, text_lines
from cli.tables import moment, span
from ledger.entries import Entry, State
from ledger.errors import NoLedgerYet
from ledger.outbox import Depth, Outbox
from ledger.text_book import TextBook, TextDepth
from pbx.model import Site
from pbx.site import load_site

_TIMEOUT = 5.0  # seconds
_PARTS = {"version", "healthy", "ami_up", "delivery", "handover_trouble"}  # of our own answer


@click.command()
@site_option
@json_option
@says_errors
def status(site_file: Path, as_json: bool) -> None:
    """Show how voxpost does. Exits 1 when the daemon is not running or not well."""
    site = load_site(site_file)
    daemon = ask_daemon(site)
    depth, texts, lost = asyncio.run(_read_ledger(site))
    well = bool(daemon is not None and daemon["healthy"] and daemon["ami_up"])
    if as_json:
        print_json(
            {
                "running": daemon is not None,
                "well": well,
                "daemon": daemon,
                "outbox": {
                    "by_state": {str(state): count for state, count in depth.by_state.items()},
                    "oldest_waiting": depth.oldest_waiting,
                },
                "texts": {
                    **asdict(texts),
                    "by_state": {str(state): count for state, count in texts.by_state.items()},
                },
            }
        )
    else:
        _print(daemon, depth, texts, lost)
    if not well:
        raise click.exceptions.Exit(Exit.FAILED)


def ask_daemon(site: Site) -> dict[str, Any] | None:
    """What the daemon says of itself; None where none answers."""
    url = f"http://{site.service.http_host}:{site.service.http_port}/status"
    # Always plain HTTP, to the address in the site file, past any proxy.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=_TIMEOUT) as answer:
            data = json.load(answer)
    except (urllib.error.URLError, http.client.HTTPException, OSError, ValueError):
        return None
    # Another program may have the port.
    return data if isinstance(data, dict) and data.keys() >= _PARTS else None


async def _read_ledger(site: Site) -> tuple[Depth, TextDepth, list[Entry]]:
    """How full the outbox is, how texts stand, and what was set aside or came back last."""
    try:
        async with opened_ledger(site, must_exist=True) as ledger:
            box = Outbox(ledger)
            lost = [*await box.newest(State.FAILED, 5), *await box.newest(State.BOUNCED, 5)]
            return await box.depth(), await TextBook(ledger).depth(time.time()), lost
    except NoLedgerYet:
        return Depth({}, None), TextDepth({}, None, 0, None), []


def _print(
    daemon: dict[str, Any] | None, depth: Depth, texts: TextDepth, lost: list[Entry]
) -> None:
    sms = gateway_lines((daemon or {}).get("sms"))
    for name, text in (*_daemon_lines(daemon), *sms, *text_lines(texts), *_outbox_lines(depth)):
        click.echo(f"{name + ':':12} {plain(text)}")
    for entry in lost:
        click.echo(plain(f"  {entry.state} {entry.id} to {entry.recipient}: {entry.last_error}"))
    if lost:
        click.echo("  Deliver one after all with `voxpost outbox retry ID`.")


def _daemon_lines(daemon: dict[str, Any] | None) -> list[tuple[str, str]]:
    if daemon is None:
        return [("daemon", "not running: start it with `voxpost run`")]
    lines = [("daemon", f"running for {span(daemon['uptime_seconds'])}, {daemon['version']}")]
    ami = daemon["ami"]
    if daemon["ami_up"]:
        lines.append(("asterisk", f"connected, version {ami['asterisk_version'] or 'unknown'}"))
    else:
        why = daemon["ami_trouble"] or ami.get("last_error") or "connecting"
        lines.append(("asterisk", f"NOT connected: {why}"))
    delivery = daemon["delivery"]
    lines.append(("mail", f"{delivery['delivered']} delivered since the start"))
    if delivery["configuration_trouble"]:
        lines.append(("mail", f"NOT well, settings: {delivery['configuration_trouble']}"))
    elif delivery["last_trouble"]:
        when = moment(delivery["last_trouble_at"])
        lines.append(("last trouble", f"{when} {delivery['last_trouble']}"))
    if (daemon.get("bounces") or {}).get("trouble"):
        lines.append(("bounces", f"NOT seen: {daemon['bounces']['trouble']}"))
    in_step = daemon.get("in_step")
    if in_step and in_step["people"]:
        what = f"{in_step['open']} voicemails of {in_step['people']} people in step"
        if in_step["resting"]:
            what += f", log-in refused for {in_step['resting']}: {in_step['last_trouble']}"
        lines.append(("read/heard", what))
    if daemon["handover_trouble"]:
        lines.append(("hand-over", f"NOT well: {daemon['handover_trouble']}"))
    return lines


def _outbox_lines(depth: Depth) -> list[tuple[str, str]]:
    counts = ", ".join(
        f"{depth.by_state[state]} {state}" for state in State if depth.by_state.get(state)
    )
    lines = [("outbox", counts or "empty")]
    if depth.oldest_waiting is not None:
        lines.append(("oldest", f"waiting for {span(time.time() - depth.oldest_waiting)}"))
    return lines
