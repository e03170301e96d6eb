"""`voxpost sms broadcast`: one text to many, and what became of each."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from pathlib import Path
from typing import TypeVar
from zoneinfo import ZoneInfo

import click

from cli.exits import says_errors
from cli.opening import ask_ledger
from cli.options import json_option, print_json, site_option
from cli.plain import plain
from cli.sms_broadcast_create import create
from cli.sms_broadcast_show import show
from cli.sms_broadcast_words import as_data, figures, when
from cli.tables import print_table
from ledger.broadcast_rows import Broadcast, NumberFate, Tally
from ledger.broadcasts import BroadcastBook
from pbx.model import Site
from pbx.site import load_site
from sms.broadcast.report import ReportFile, in_money

T = TypeVar("T")


@click.group()
def broadcast() -> None:
    """Send one text to many, and see what became of each."""


broadcast.add_command(create)
broadcast.add_command(show)


@broadcast.command("list")
@site_option
@click.option("--limit", default=20, show_default=True, type=click.IntRange(1, 1000))
@json_option
@says_errors
def list_(site_file: Path, limit: int, as_json: bool) -> None:
    """List the newest broadcasts."""
    site = load_site(site_file)

    async def newest(book: BroadcastBook) -> list[tuple[Broadcast, Tally]]:
        return [await book.show(it.name) for it in await book.newest(limit)]

    found = _ask(site, newest)
    if as_json:
        print_json([as_data(*it) for it in found])
        return
    if not found:
        click.echo("Nothing there.")
        return
    print_table(
        ("name", "state", "texts", "still to send", "begins", "ended", "waits for"),
        (
            (
                it.name,
                str(it.state),
                str(tally.total),
                str(tally.unsettled),
                when(site, it.starts),
                when(site, it.ended),
                it.words or "",
            )
            for it, tally in found
        ),
    )


@broadcast.command()
@click.argument("name")
@site_option
@json_option
@says_errors
def pause(name: str, site_file: Path, as_json: bool) -> None:
    """Send no more of a broadcast until it is continued."""
    _by_hand(site_file, lambda book: book.pause(name), "paused.", as_json=as_json)


@broadcast.command("continue")
@click.argument("name")
@site_option
@json_option
@says_errors
def continue_(name: str, site_file: Path, as_json: bool) -> None:
    """Go on with a broadcast that was paused."""
    words = "goes on within seconds, if `voxpost run` runs."
    _by_hand(site_file, lambda book: book.go_on(name), words, as_json=as_json)


@broadcast.command()
@click.argument("name")
@site_option
@json_option
@says_errors
def stop(name: str, site_file: Path, as_json: bool) -> None:
    """Stop a broadcast for good: what waits is dropped."""
    _by_hand(
        site_file,
        lambda book: book.stop(name, time.time()),
        "stopped; what was not sent is dropped.",
        as_json=as_json,
    )


@broadcast.command()
@click.argument("name")
@click.option(
    "--csv",
    "table",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write each number's fate to this file.",
)
@site_option
@json_option
@says_errors
def report(name: str, table: Path | None, site_file: Path, as_json: bool) -> None:
    """Show what became of a broadcast. Reports of networks may come for days: ask again."""
    site = load_site(site_file)

    async def ask(book: BroadcastBook) -> tuple[Broadcast, Tally, list[NumberFate]]:
        found, tally = await book.show(name)
        fates: list[NumberFate] = []
        if table is not None:
            with table.open("w", encoding="utf-8-sig", newline="") as file:
                await book.fates(found.id, ReportFile(file, ZoneInfo(site.site.timezone)).take)
        elif as_json:
            await book.fates(found.id, fates.append)
        return found, tally, fates

    found, tally, fates = _ask(site, ask)
    if as_json:
        numbers = [asdict(it) | {"state": str(it.state)} for it in fates]
        print_json(as_data(found, tally) | ({} if table else {"numbers": numbers}))
        return
    click.echo(f"{found.name}: {found.state}, {figures(tally)}.")
    click.echo(f"{tally.parts} parts sent, cost {in_money(tally.price)}.")
    if table is not None:
        click.echo(f"{table}: {tally.total} numbers.")


def _by_hand(
    site_file: Path,
    act: Callable[[BroadcastBook], Awaitable[Broadcast]],
    words: str,
    *,
    as_json: bool,
) -> None:
    async def do(book: BroadcastBook) -> tuple[Broadcast, Tally]:
        return await book.show((await act(book)).name)

    found, tally = _ask(load_site(site_file), do)
    if as_json:
        print_json(as_data(found, tally))
    else:
        click.echo(f"{plain(found.name)}: {words}")


def _ask(site: Site, question: Callable[[BroadcastBook], Awaitable[T]]) -> T:
    return ask_ledger(site, lambda ledger: question(BroadcastBook(ledger)))
