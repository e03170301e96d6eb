"""Numbers of a command line or a CSV file, for the lists that are kept of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from cli.plain import plain
from sms.broadcast.cells import Read
from sms.broadcast.recipients import BadRow, from_csv, from_group, gather
from sms.broadcast.template import fold

_SHOWN = 20  # bad rows
column_option = click.option(
    "--column", default="number", show_default=True, help="The column that holds the numbers."
)


@dataclass(frozen=True, slots=True)
class File:
    """Numbers (E.164), each once, with the fields that stand beside them; and what is none."""

    numbers: Mapping[str, Mapping[str, str]]
    bad: Sequence[BadRow]


def read_given(numbers: Sequence[str], read: Read) -> File:
    """The numbers of a command line."""
    found = gather(from_group((number, {}) for number in numbers), (), read)
    return File({it.number: {} for it in found.found}, found.bad)


def read_file(file: Path, column: str, read: Read) -> File:
    """The numbers of a CSV file; its other columns are their fields.

    Raises:
        BadRecipients: it cannot be read, or has no such column.
    """
    listing = from_csv(file, column)
    fields = [fold(name) for name in listing.fields if fold(name) != fold(column)]
    found = gather(listing, fields, read)
    return File(
        {
            it.number: {name: value for name, value in zip(fields, it.values, strict=True) if value}
            for it in found.found
        },
        found.bad,
    )


def print_bad(bad: Sequence[BadRow]) -> None:
    """Say which rows were left out, and why."""
    for row in bad[:_SHOWN]:
        click.echo(plain(f"row {row.line}, {row.number or 'empty'}: {row.why}."), err=True)
    if len(bad) > _SHOWN:
        click.echo(f"and {len(bad) - _SHOWN} more.", err=True)
