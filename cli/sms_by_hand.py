"""`voxpost sms retry` and `drop`: what a person decides of texts."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import click

from cli.exits import Exit, says_errors
from cli.options import json_option, print_json, site_option
from cli.texts_shown import ID, ask_ledger, text_as_data
from ledger.errors import NoSuchEntry
from ledger.store import Ledger
from ledger.text_book import TextBook
from ledger.texts import Text, TextState
from pbx.model import Site
from pbx.site import load_site


@click.command()
@click.argument("ids", metavar="ID...", nargs=-1, required=True, type=ID)
@click.option("--yes", is_flag=True, help="Ask nothing: a text that is unknown may arrive twice.")
@site_option
@json_option
@says_errors
def retry(ids: tuple[int, ...], yes: bool, site_file: Path, as_json: bool) -> None:
    """Send failed, unknown or dropped texts after all, waiting ones at once.

    A text that is unknown may have been sent: sent again, it may arrive twice.
    """
    site = load_site(site_file)
    left: list[int] = []
    if not yes:
        unknown = ask_ledger(site, lambda it: _unknown_among(TextBook(it), ids))
        if unknown and not _may_arrive_twice(unknown):
            left = unknown
    _by_hand(
        site,
        [it for it in ids if it not in left],
        lambda book, text_id: book.retry(text_id, time.time()),
        "waits for `voxpost run`",
        troubles=[f"text {it} is left as it is: it may have been sent." for it in left],
        as_json=as_json,
    )


@click.command()
@click.argument("ids", metavar="ID...", nargs=-1, required=True, type=ID)
@site_option
@json_option
@says_errors
def drop(ids: tuple[int, ...], site_file: Path, as_json: bool) -> None:
    """Give texts up that are not sent."""
    _by_hand(
        load_site(site_file),
        ids,
        lambda book, text_id: book.drop(text_id, time.time()),
        "dropped",
        troubles=[],
        as_json=as_json,
    )


async def _unknown_among(book: TextBook, ids: Sequence[int]) -> list[int]:
    found = []
    for text_id in ids:
        try:
            text, _ = await book.show(text_id)
        except NoSuchEntry:
            continue  # said later
        if text.state is TextState.UNKNOWN:
            found.append(text_id)
    return found


def _may_arrive_twice(unknown: Sequence[int]) -> bool:
    which = ", ".join(map(str, unknown))
    question = f"Perhaps sent already, and then it arrives twice: {which}. Send again?"
    return click.confirm(question, err=True)


def _by_hand(
    site: Site,
    ids: Sequence[int],
    act: Callable[[TextBook, int], Awaitable[Text]],
    done: str,
    *,
    troubles: list[str],
    as_json: bool,
) -> None:
    """Do it to each; one that cannot be keeps no other from it."""

    async def each(ledger: Ledger) -> list[Text]:
        changed = []
        for text_id in ids:
            try:
                changed.append(await act(TextBook(ledger), text_id))
            except NoSuchEntry as error:
                troubles.append(str(error))
        return changed

    changed = ask_ledger(site, each)
    if as_json:
        print_json({"changed": [text_as_data(it) for it in changed], "problems": troubles})
    else:
        for text in changed:
            said = done if text.state in {TextState.WAITING, TextState.DROPPED} else text.state
            click.echo(f"{text.id} to {text.number}: {said}.")
        for trouble in troubles:
            click.echo(trouble, err=True)
    if troubles:
        raise click.exceptions.Exit(Exit.FAILED)
