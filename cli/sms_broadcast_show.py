"""`voxpost sms broadcast show`: how far a broadcast is."""

from __future__ import annotations

import asyncio
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from cli.exits import says_errors
from cli.opening import opened_ledger
from cli.options import json_option, print_json, site_option
from cli.plain import plain
from cli.sms_broadcast_words import as_data, figures, when
from ledger.broadcast_rows import Broadcast, BroadcastState, Tally
from ledger.broadcasts import BroadcastBook
from pbx.model import Site
from pbx.site import load_site

_LOOK_EVERY = 1.0  # seconds
_ENDS = (BroadcastState.DONE, BroadcastState.STOPPED)


@click.command()
@click.argument("name")
@click.option("--watch", is_flag=True, help="Show a progress bar until it is done.")
@site_option
@json_option
@says_errors
def show(name: str, watch: bool, site_file: Path, as_json: bool) -> None:
    """Show how far a broadcast is."""
    if watch and as_json:
        raise click.UsageError("--watch is for people: leave it or --json out.")
    site = load_site(site_file)
    found, tally = asyncio.run(_show(site, name, watch=watch))
    if as_json:
        print_json(as_data(found, tally))
        return
    rows = {
        "name": found.name,
        "state": f"{found.state}: {found.words}" if found.words else str(found.state),
        "texts": figures(tally),
        "sent": f"{tally.parts} parts",
        "speed": "the gateways'" if found.per_minute is None else f"{found.per_minute:g} a minute",
        "begins": when(site, found.starts),
        "ended": when(site, found.ended),
        "report to": found.author,
        "text": found.template,
    }
    for label, value in rows.items():
        click.echo(f"{label + ':':11} {plain(value)}")


async def _show(site: Site, name: str, *, watch: bool) -> tuple[Broadcast, Tally]:
    async with opened_ledger(site, must_exist=True) as ledger:
        book = BroadcastBook(ledger)
        if watch:
            await _watch(book, name)
        return await book.show(name)


async def _watch(book: BroadcastBook, name: str) -> None:
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True, highlight=False)) as progress:
        bar = progress.add_task(name, total=None)
        while True:
            found, tally = await book.show(name)
            words = f"{name} {found.state}" + (f" ({found.words})" if found.words else "")
            done = tally.total - tally.unsettled
            progress.update(bar, description=plain(words), total=tally.total, completed=done)
            if found.state in _ENDS and not tally.unsettled:
                return
            await asyncio.sleep(_LOOK_EVERY)
