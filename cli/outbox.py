"""`voxpost outbox`: what is to be delivered, what was set aside, and what to do about it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeVar

import click

from cli.exits import says_errors
from cli.opening import opened_ledger
from cli.options import json_option, print_json, site_option
from cli.tables import moment, print_table
from ledger.entries import Entry, State, VoicemailFacts
from ledger.outbox import Outbox
from pbx.site import load_site

T = TypeVar("T")


@click.group()
def outbox() -> None:
    """List, show, retry or drop messages."""


@outbox.command("list")
@site_option
@click.option(
    "--state", type=click.Choice([str(state) for state in State]), help="Only these; else all."
)
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 100_000))
@json_option
@says_errors
def list_(site_file: Path, state: str | None, limit: int, as_json: bool) -> None:
    """List the newest messages."""
    wanted = None if state is None else State(state)
    entries = _ask(site_file, lambda box: box.newest(wanted, limit))
    if as_json:
        print_json([_as_data(entry) for entry in entries])
        return
    if not entries:
        click.echo("Nothing there.")
        return
    print_table(
        ("id", "state", "kind", "to", "from", "handed over", "attempts", "last words"),
        (
            (
                str(entry.id),
                str(entry.state),
                entry.kind,
                entry.recipient,
                entry.facts.caller_name or entry.facts.caller_number or "-",
                moment(entry.created),
                str(entry.attempts),
                entry.last_error or "",
            )
            for entry in entries
        ),
    )


@outbox.command()
@click.argument("entry_id", metavar="ID", type=int)
@site_option
@json_option
@says_errors
def show(entry_id: int, site_file: Path, as_json: bool) -> None:
    """Show one message: what it says, and the server's own words."""
    entry = _ask(site_file, lambda box: box.show(entry_id))
    if as_json:
        print_json(_as_data(entry))
        return
    rows = {
        "id": str(entry.id),
        "state": str(entry.state),
        "kind": entry.kind,
        "to": entry.recipient,
        "caller": f"{entry.facts.caller_name} {entry.facts.caller_number}".strip(),
        "handed over": moment(entry.created),
        "attempts": str(entry.attempts),
        "next attempt": moment(entry.due) if entry.state is State.WAITING else "-",
        "settled": moment(entry.settled),
        "last words": entry.last_error or "-",
        "Message-ID": entry.message_id,
        "audio": entry.audio or "-",
    }
    if isinstance(entry.facts, VoicemailFacts):
        rows["mailbox"] = entry.facts.mailbox
        rows["duration"] = f"{entry.facts.duration} s"
    for name, value in rows.items():
        click.echo(f"{name + ':':14} {value}")


@outbox.command()
@click.argument("ids", metavar="ID...", nargs=-1, required=True, type=int)
@site_option
@says_errors
def retry(ids: tuple[int, ...], site_file: Path) -> None:
    """Deliver failed, dropped or skipped messages after all."""
    for entry_id in ids:
        entry = _ask(site_file, _by_hand(Outbox.retry, entry_id))
        click.echo(f"{entry.id} to {entry.recipient}: will be tried again within 30 s.")


@outbox.command()
@click.argument("ids", metavar="ID...", nargs=-1, required=True, type=int)
@site_option
@says_errors
def drop(ids: tuple[int, ...], site_file: Path) -> None:
    """Give messages up. The recording stays on the telephone."""
    for entry_id in ids:
        entry = _ask(site_file, _by_hand(Outbox.drop, entry_id))
        click.echo(f"{entry.id} to {entry.recipient}: dropped.")


def _by_hand(
    act: Callable[[Outbox, int, float], Awaitable[Entry]], entry_id: int
) -> Callable[[Outbox], Awaitable[Entry]]:
    return lambda box: act(box, entry_id, time.time())


def _ask(site_file: Path, question: Callable[[Outbox], Awaitable[T]]) -> T:
    async def ask() -> T:

        async with opened_ledger(load_site(site_file)) as ledger:
            return await question(Outbox(ledger))

    return asyncio.run(ask())


def _as_data(entry: Entry) -> dict[str, Any]:
    return {**asdict(entry), "kind": entry.kind, "state": str(entry.state)}
