"""`voxpost sms stoplist`: the numbers that want no texts. Nothing sends to them."""

from __future__ import annotations

import time
from dataclasses import asdict
from pathlib import Path

import click

from cli.exits import Exit, fail, says_errors
from cli.opening import ask_ledger
from cli.options import json_option, print_json, site_option
from cli.sms_numbers import File, column_option, print_bad, read_file, read_given
from cli.tables import counted, moment, print_table
from cli.texts_shown import number_meant
from ledger.number_lists import StopList
from pbx.model import Site
from pbx.numbers import e164_meant
from pbx.site import load_site
from sms.broadcast.cells import Read
from sms.policy import Refusal


@click.group()
def stoplist() -> None:
    """Keep the list of numbers that want no texts.

    Nothing sends to them: no person, no program, no broadcast. Who said STOP must say START
    himself. Remove a number only for a reason that you could show him; it is kept for ever.
    """


@stoplist.command("list")
@site_option
@json_option
@says_errors
def list_(site_file: Path, as_json: bool) -> None:
    """List the numbers, the newest first."""
    stopped = ask_ledger(load_site(site_file), lambda it: StopList(it).all())
    if as_json:
        print_json([asdict(it) for it in stopped])
    elif not stopped:
        click.echo("Nothing there.")
    else:
        rows = ((it.number, moment(it.since), it.how) for it in stopped)
        print_table(("number", "since", "how"), rows)


@stoplist.command()
@click.argument("number")
@site_option
@json_option
@says_errors
def show(number: str, site_file: Path, as_json: bool) -> None:
    """Show all that happened to one number."""
    site = load_site(site_file)
    whose = number_meant(site, number)
    history = ask_ledger(site, lambda it: StopList(it).history(whose))
    if as_json:
        print_json([asdict(it) for it in history])
    elif not history:
        click.echo(f"{whose} was never on the list.")
    else:
        words = {True: "stopped", False: "removed"}
        rows = ((moment(it.at), words[it.stopped], it.how) for it in history)
        print_table(("when", "what", "how"), rows)


@stoplist.command()
@click.argument("numbers", metavar="NUMBER...", nargs=-1, required=True)
@click.option("--because", default="", help="Why; it is kept.")
@site_option
@json_option
@says_errors
def add(numbers: tuple[str, ...], because: str, site_file: Path, as_json: bool) -> None:
    """Put numbers on the list. What waits for them is not sent."""
    site = load_site(site_file)
    found = read_given(numbers, _reader(site))
    _add(site, found, f"by command: {because}".strip(": "), as_json=as_json)


@stoplist.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@column_option
@site_option
@json_option
@says_errors
def import_(file: Path, column: str, site_file: Path, as_json: bool) -> None:
    """Put the numbers of a CSV file on the list."""
    site = load_site(site_file)
    found = read_file(file, column, _reader(site))
    _add(site, found, f"import of {file.name}", as_json=as_json)


@stoplist.command()
@click.argument("number")
@click.option("--because", required=True, help='Why, kept for ever: "letter of 3 May", "mistyped".')
@site_option
@json_option
@says_errors
def remove(number: str, because: str, site_file: Path, as_json: bool) -> None:
    """Take a number from the list, for a reason that is kept.

    Who said STOP must say START himself. This is for a number that is there by mistake, or whose
    owner asked for it in another way.
    """
    if not because.strip():
        raise click.BadParameter("say why.", param_hint="--because")
    site = load_site(site_file)
    whose = number_meant(site, number)
    how = f"by command: {because.strip()}"
    gone = ask_ledger(site, lambda it: StopList(it).remove(whose, how, time.time()))
    if as_json:
        print_json({"removed": gone, "number": whose})
    elif gone:
        click.echo(f"{whose}: removed from the stop list.")
    if not gone:
        fail(f"{whose} is not on the stop list.")


def _reader(site: Site) -> Read:
    """Any number may be on the list, one that no text may go to as well."""

    def read(written: str) -> str | Refusal:
        return e164_meant(written, site.site.country) or Refusal("bad-number", written[:40])

    return read


def _add(site: Site, file: File, how: str, *, as_json: bool) -> None:
    numbers = list(file.numbers)
    new = ask_ledger(site, lambda it: StopList(it).add(numbers, how, time.time()))
    known = len(numbers) - len(new)
    if as_json:
        print_json({"added": new, "known": known, "bad": [asdict(it) for it in file.bad]})
    else:
        click.echo(f"{counted(len(new), 'number', 'numbers')} added, {known} known.")
        print_bad(file.bad)
    if file.bad:
        raise click.exceptions.Exit(Exit.FAILED)
