"""`voxpost sms groups`: groups of numbers, for broadcasts."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from dataclasses import asdict
from functools import partial
from pathlib import Path

import click

from cli.exits import Exit, says_errors
from cli.opening import ask_ledger
from cli.options import json_option, print_json, site_option
from cli.sms_numbers import File, column_option, print_bad, read_file, read_given
from cli.tables import counted, moment, print_table
from cli.texts_shown import number_meant, sms_of
from ledger.number_lists import NumberGroups
from pbx.model import Site
from pbx.site import load_site
from sms.broadcast.cells import Read
from sms.policy import read_recipient


def _named(_: click.Context, __: click.Parameter, name: str) -> str:
    """A group's name, of the form that keywords of the site file may name."""
    if re.fullmatch(r"[A-Za-z0-9_.-]{1,80}", name) is None:
        raise click.BadParameter("use letters, digits, '.', '_' and '-'.")
    return name


_group_argument = click.argument("group", callback=_named)


@click.group()
def groups() -> None:
    """Keep groups of numbers. `sms broadcast create --group` sends to one."""


@groups.command("list")
@site_option
@json_option
@says_errors
def list_(site_file: Path, as_json: bool) -> None:
    """List the groups."""
    sizes = ask_ledger(load_site(site_file), lambda it: NumberGroups(it).sizes())
    if as_json:
        print_json(sizes)
    elif not sizes:
        click.echo("Nothing there.")
    else:
        print_table(("group", "numbers"), ((name, str(size)) for name, size in sizes.items()))


@groups.command()
@_group_argument
@site_option
@json_option
@says_errors
def show(group: str, site_file: Path, as_json: bool) -> None:
    """Show a group's numbers, with their fields."""
    members = ask_ledger(load_site(site_file), lambda it: NumberGroups(it).members(group))
    if as_json:
        print_json([asdict(member) for member in members])
        return
    if not members:
        click.echo("Nothing there.")
        return
    fields = list(dict.fromkeys(name for it in members for name in it.fields))
    print_table(
        ("number", *fields, "since", "how"),
        (
            (it.number, *(it.fields.get(name, "") for name in fields), moment(it.since), it.how)
            for it in members
        ),
    )


@groups.command()
@_group_argument
@click.argument("numbers", metavar="NUMBER...", nargs=-1, required=True)
@site_option
@json_option
@says_errors
def add(group: str, numbers: tuple[str, ...], site_file: Path, as_json: bool) -> None:
    """Add numbers to a group, which is made if there is none."""
    site = load_site(site_file)
    found = read_given(numbers, _reader(site))
    _add(site, group, found, "by command", as_json=as_json)


@groups.command("import")
@_group_argument
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@column_option
@site_option
@json_option
@says_errors
def import_(group: str, file: Path, column: str, site_file: Path, as_json: bool) -> None:
    """Add the numbers of a CSV file to a group. Other columns become fields."""
    site = load_site(site_file)
    found = read_file(file, column, _reader(site))
    _add(site, group, found, f"import of {file.name}", as_json=as_json)


@groups.command()
@_group_argument
@click.argument("numbers", metavar="NUMBER...", nargs=-1)
@click.option("--all", "everybody", is_flag=True, help="All of them: the group is gone.")
@site_option
@json_option
@says_errors
def remove(
    *, group: str, numbers: tuple[str, ...], everybody: bool, site_file: Path, as_json: bool
) -> None:
    """Take numbers from a group."""
    if bool(numbers) == everybody:
        raise click.UsageError("Give the numbers, or --all.")
    site = load_site(site_file)
    wanted = None if everybody else [number_meant(site, it) for it in numbers]
    gone = ask_ledger(site, lambda it: NumberGroups(it).remove(group, wanted))
    missing = [it for it in wanted or () if it not in gone]
    if as_json:
        print_json({"removed": gone, "not_there": missing})
    else:
        click.echo(f"{group}: {counted(len(gone), 'number', 'numbers')} removed.")
        for number in missing:
            click.echo(f"{number} is not in {group}.", err=True)
    if missing or (everybody and not gone):
        raise click.exceptions.Exit(Exit.FAILED)


def _reader(site: Site) -> Read:
    sms = sms_of(site)
    return partial(read_recipient, country=site.site.country, sms=sms)


def _add(site: Site, group: str, file: File, how: str, *, as_json: bool) -> None:
    members: Mapping[str, Mapping[str, str]] = file.numbers
    new = ask_ledger(site, lambda it: NumberGroups(it).add(group, members, how, time.time()))
    if as_json:
        print_json(
            {"added": new, "known": len(members) - len(new), "bad": [asdict(it) for it in file.bad]}
        )
    else:
        known = len(members) - len(new)
        click.echo(f"{group}: {counted(len(new), 'number', 'numbers')} added, {known} known.")
        print_bad(file.bad)
    if file.bad:
        raise click.exceptions.Exit(Exit.FAILED)
