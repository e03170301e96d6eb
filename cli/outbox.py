"""`voxpost outbox`: what is to be delivered, what was set aside, and what to do about it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeVar

import click

from cli.exits import Exit, says_errors
from cli.opening import opened_ledger, opened_spool
from cli.options import json_option, print_json, site_option
from cli.tables import moment, plain, print_table
from ledger.entries import Entry, State
from ledger.errors import NoSuchEntry
from ledger.outbox import Outbox
from mail.errors import HandoverFailed
from mail.handover import Handover
from pbx.model import Site
from pbx.site import load_site

T = TypeVar("T")

_ID = click.IntRange(1, 2**63 - 1)  # what a database's whole number holds


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
    entries = _ask(load_site(site_file), lambda box: box.newest(wanted, limit))
    if as_json:
        print_json([_as_data(entry) for entry in entries])
        return
    if not entries:
        click.echo("Nothing there.")
        return
    print_table(
        ("id", "state", "kind", "to", "about", "handed over", "attempts", "last words"),
        (
            (
                str(entry.id),
                str(entry.state),
                entry.kind,
                entry.recipient,
                entry.facts.who or "-",
                moment(entry.created),
                str(entry.attempts),
                entry.last_error or "",
            )
            for entry in entries
        ),
    )


@outbox.command()
@click.argument("entry_id", metavar="ID", type=_ID)
@site_option
@json_option
@says_errors
def show(entry_id: int, site_file: Path, as_json: bool) -> None:
    """Show one message: what it says, and the server's own words."""
    entry = _ask(load_site(site_file), lambda box: box.show(entry_id))
    if as_json:
        print_json(_as_data(entry))
        return
    rows = {
        "id": str(entry.id),
        "state": str(entry.state),
        "kind": entry.kind,
        "to": entry.recipient,
        **entry.facts.details,
        "handed over": moment(entry.created),
        "attempts": str(entry.attempts),
        "next attempt": moment(entry.due) if entry.state is State.WAITING else "-",
        "settled": moment(entry.settled),
        "last words": entry.last_error or "-",
        "Message-ID": entry.message_id,
        "audio": entry.audio or "-",
    }
    for name, value in rows.items():
        click.echo(f"{name + ':':14} {plain(value)}")


@outbox.command()
@click.argument("ids", metavar="ID...", nargs=-1, required=True, type=_ID)
@site_option
@json_option
@says_errors
def retry(ids: tuple[int, ...], site_file: Path, as_json: bool) -> None:
    """Deliver failed, bounced, dropped or skipped messages after all."""
    _by_hand(
        _retry,
        ids,
        site_file,
        "waits for `voxpost run`, which looks every 30 s",
        as_json=as_json,
    )


@outbox.command()
@click.argument("ids", metavar="ID...", nargs=-1, required=True, type=_ID)
@site_option
@json_option
@says_errors
def drop(ids: tuple[int, ...], site_file: Path, as_json: bool) -> None:
    """Give messages up. The recording stays on the telephone."""
    _by_hand(_drop, ids, site_file, "dropped", as_json=as_json)


async def _retry(site: Site, box: Outbox, entry_id: int) -> Entry:
    """A recording that is not with us, of what was skipped or came back, is on the telephone."""
    entry = await box.show(entry_id)
    audio = None
    if entry.audio is None and entry.state is not State.DELIVERED:
        handover = Handover(site=lambda: site, outbox=box, spool=opened_spool(site), now=time.time)
        audio = await handover.find_audio(entry)
    return await box.retry(entry_id, time.time(), audio)


async def _drop(_: Site, box: Outbox, entry_id: int) -> Entry:
    return await box.drop(entry_id, time.time())


def _by_hand(
    act: Callable[[Site, Outbox, int], Awaitable[Entry]],
    ids: tuple[int, ...],
    site_file: Path,
    done: str,
    *,
    as_json: bool,
) -> None:
    """Do it to each; one that cannot be keeps no other from it."""

    site = load_site(site_file)

    async def each(box: Outbox) -> tuple[list[Entry], list[str]]:
        changed, troubles = [], []
        for entry_id in ids:
            try:
                changed.append(await act(site, box, entry_id))
            except (NoSuchEntry, HandoverFailed) as error:
                troubles.append(str(error))
        return changed, troubles

    changed, troubles = _ask(site, each)
    if as_json:
        print_json({"changed": [_as_data(entry) for entry in changed], "problems": troubles})
    else:
        for entry in changed:
            click.echo(f"{entry.id} to {entry.recipient}: {done}.")
        for trouble in troubles:
            click.echo(trouble, err=True)
    if troubles:
        raise click.exceptions.Exit(Exit.FAILED)


def _ask(site: Site, question: Callable[[Outbox], Awaitable[T]]) -> T:
    async def ask() -> T:
        async with opened_ledger(site, must_exist=True) as ledger:
            return await question(Outbox(ledger))

    return asyncio.run(ask())


def _as_data(entry: Entry) -> dict[str, Any]:
    return {**asdict(entry), "kind": entry.kind, "state": str(entry.state)}
