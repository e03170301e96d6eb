"""`voxpost sms retry` and `drop`: what a person decides of texts."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

import click

from cli.by_hand import change_each
from cli.exits import says_errors
from cli.opening import ask_ledger
from cli.options import ID, json_option, site_option
from cli.texts_shown import text_as_data
from ledger.errors import NoSuchEntry
from ledger.text_book import TextBook
from ledger.texts import Text, TextState
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
    change_each(
        site,
        [it for it in ids if it not in left],
        lambda ledger, text_id: TextBook(ledger).retry(text_id, time.time()),
        line=lambda text: _said(text, "waits for `voxpost run`"),
        as_data=text_as_data,
        as_json=as_json,
        troubles=[f"text {it} is left as it is: it may have been sent." for it in left],
    )


@click.command()
@click.argument("ids", metavar="ID...", nargs=-1, required=True, type=ID)
@site_option
@json_option
@says_errors
def drop(ids: tuple[int, ...], site_file: Path, as_json: bool) -> None:
    """Give texts up that are not sent."""
    change_each(
        load_site(site_file),
        ids,
        lambda ledger, text_id: TextBook(ledger).drop(text_id, time.time()),
        line=lambda text: _said(text, "dropped"),
        as_data=text_as_data,
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


def _said(text: Text, done: str) -> str:
    said = done if text.state in {TextState.WAITING, TextState.DROPPED} else text.state
    return f"{text.id} to {text.number}: {said}."
