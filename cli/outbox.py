"""`voxpost outbox`: what is to be delivered, what was set aside, and what to do about it."""

from __future__ import annotations

import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from cli.by_hand import change_each
from cli.exits import says_errors
from cli.opening import ask_ledger, opened_spool
from cli.options import ID, json_option, print_json, site_option
from cli.plain import plain
from cli.tables import moment, print_table
from ledger.entries import Entry, State
from ledger.outbox import Outbox
from mail.handover import Handover
from pbx.model import Site
from pbx.site import load_site


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
    entries = ask_ledger(load_site(site_file), lambda it: Outbox(it).newest(wanted, limit))
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
@click.argument("entry_id", metavar="ID", type=ID)
@site_option
@json_option
@says_errors
def show(entry_id: int, site_file: Path, as_json: bool) -> None:
    """Show one message: what it says, and the server's own words."""
    entry = ask_ledger(load_site(site_file), lambda it: Outbox(it).show(entry_id))
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
@click.argument("ids", metavar="ID...", nargs=-1, required=True, type=ID)
@site_option
@json_option
@says_errors
def retry(ids: tuple[int, ...], site_file: Path, as_json: bool) -> None:
    """Deliver failed, bounced, dropped or skipped messages after all."""
    site = load_site(site_file)
    change_each(
        site,
        ids,
        lambda ledger, entry_id: _retry(site, Outbox(ledger), entry_id),
        line=lambda it: f"{_to(it)}: waits for `voxpost run`, which looks every 30 s.",
        as_data=_as_data,
        as_json=as_json,
    )


@outbox.command()
@click.argument("ids", metavar="ID...", nargs=-1, required=True, type=ID)
@site_option
@json_option
@says_errors
def drop(ids: tuple[int, ...], site_file: Path, as_json: bool) -> None:
    """Give messages up. The recording stays on the telephone."""
    change_each(
        load_site(site_file),
        ids,
        lambda ledger, entry_id: Outbox(ledger).drop(entry_id, time.time()),
        line=lambda it: f"{_to(it)}: dropped.",
        as_data=_as_data,
        as_json=as_json,
    )


async def _retry(site: Site, box: Outbox, entry_id: int) -> Entry:
    """A recording that is not with us, of what was skipped or came back, is on the telephone."""
    entry = await box.show(entry_id)
    audio = None
    if entry.audio is None and entry.state is not State.DELIVERED:
        handover = Handover(site=lambda: site, outbox=box, spool=opened_spool(site), now=time.time)
        audio = await handover.find_audio(entry)
    return await box.retry(entry_id, time.time(), audio)


def _to(entry: Entry) -> str:
    return f"{entry.id} to {entry.recipient}"


def _as_data(entry: Entry) -> dict[str, Any]:
    return {**asdict(entry), "kind": entry.kind, "state": str(entry.state)}
