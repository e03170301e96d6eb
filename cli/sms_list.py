"""`voxpost sms list` and `show`: texts, in and out, and what became of each piece."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from cli.exits import says_errors
from cli.opening import ask_ledger
from cli.options import ID, json_option, print_json, site_option
from cli.plain import plain
from cli.tables import moment, print_table
from cli.texts_shown import number_meant, text_as_data
from ledger.store import Ledger
from ledger.text_book import PartRecord, TextBook
from ledger.texts import PieceRecord, Text, TextState
from pbx.site import load_site

_SHOWN = 60  # characters of a text in a table


@click.command("list")
@site_option
@click.option(
    "--state",
    type=click.Choice([str(state) for state in TextState]),
    help="Only these; else all.",
)
@click.option("--number", help="Only from and to this number.")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 100_000))
@json_option
@says_errors
def list_(
    *, site_file: Path, state: str | None, number: str | None, limit: int, as_json: bool
) -> None:
    """List the newest texts, in and out."""
    site = load_site(site_file)
    wanted = None if state is None else TextState(state)
    whose = None if number is None else number_meant(site, number)
    texts = ask_ledger(site, lambda it: TextBook(it).newest(wanted, whose, limit))
    if as_json:
        print_json([text_as_data(text) for text in texts])
        return
    if not texts:
        click.echo("Nothing there.")
        return
    print_table(
        ("id", "state", "", "number", "gateway", "parts", "when", "text", "last words"),
        (
            (
                str(text.id),
                str(text.state),
                "from" if text.came_in else "to",
                text.number,
                text.gateway,
                str(text.parts),
                moment(text.created),
                _short(text.body),
                text.words or "",
            )
            for text in texts
        ),
    )


@click.command()
@click.argument("text_id", metavar="ID", type=ID)
@site_option
@json_option
@says_errors
def show(text_id: int, site_file: Path, as_json: bool) -> None:
    """Show a text, what became of each of its pieces, or the parts that it came in."""

    async def look(ledger: Ledger) -> tuple[Text, list[PieceRecord], list[PartRecord]]:
        book = TextBook(ledger)
        return *await book.show(text_id), await book.parts(text_id)

    text, pieces, parts = ask_ledger(load_site(site_file), look)
    if as_json:
        more = {"pieces": [asdict(it) for it in pieces], "parts": [asdict(it) for it in parts]}
        print_json(text_as_data(text) | {"pieces_sent": more["pieces"], "raw_parts": more["parts"]})
        return
    for name, value in _rows(text).items():
        click.echo(f"{name + ':':14} {plain(value)}")
    for line in text.body.splitlines():
        click.echo(f"  | {plain(line)}")
    _print_pieces(text, pieces)
    _print_parts(parts)


def _rows(text: Text) -> dict[str, str]:
    rows: dict[str, Any] = {
        "id": text.id,
        "state": text.state,
        "from" if text.came_in else "to": text.number,
        "our number": text.own_number,
        "gateway": text.gateway,
        "asked for by": " ".join(filter(None, [text.origin, text.extension, text.account])),
        "author": text.author,
        "when": moment(text.created),
        "next attempt": moment(text.due) if text.state is TextState.WAITING else None,
        "settled": moment(text.settled),
        "parts": text.parts,
        "cost": None if text.came_in else f"{text.price:g}",
        "last words": text.words,
        "Message-ID": text.message_id,
    }
    if text.came_in:
        del rows["asked for by"]
    return {name: str(value) if value not in (None, "") else "-" for name, value in rows.items()}


def _print_pieces(text: Text, pieces: list[PieceRecord]) -> None:
    if not pieces:
        return
    print_table(
        ("piece", "state", "gateway", "moved", "reference", "words"),
        (
            (
                f"{it.at + 1} of {text.pieces}",
                str(it.state),
                it.gateway,
                moment(it.moved),
                it.reference or "",
                it.words or "",
            )
            for it in pieces
        ),
    )


def _print_parts(parts: list[PartRecord]) -> None:
    if not parts:
        return
    print_table(
        ("part", "sent at", "came", "as it came", "trouble"),
        (
            (
                f"{it.number or 1} of {it.total or 1}",
                moment(it.sent_at),
                moment(it.came),
                it.raw,
                it.trouble or "",
            )
            for it in parts
        ),
    )


def _short(body: str) -> str:
    line = " ".join(body.split())
    return line if len(line) <= _SHOWN else f"{line[: _SHOWN - 1]}…"
