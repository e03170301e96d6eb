"""The numbers that a broadcast goes to, from a CSV file or a group."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from sms.broadcast.cells import Read, read_cell, read_value
from sms.broadcast.template import fold
from sms.errors import BadRecipients
from sms.policy import Refusal


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that gets no text. line: of the file, the header being 1; of a group, its place."""

    line: int
    number: str
    why: str


@dataclass(frozen=True, slots=True)
class Recipient:
    """A number (E.164) and the values of the template's fields, in their order."""

    line: int
    number: str
    values: tuple[str, ...]


@dataclass(slots=True)
class Recipients:
    """A list that was read: each number once."""

    found: list[Recipient] = field(default_factory=list)
    bad: list[BadRow] = field(default_factory=list)
    doubles: int = 0
    """Rows whose number stood further up already."""


@dataclass(frozen=True, slots=True)
class Listing:
    """Rows as they were written.

    Arguments:
        fields: names of the columns, as people wrote them.
        rows: line, number, values by folded name. Read while it is gone through.
    """

    fields: Sequence[str]
    rows: Iterator[tuple[int, str, Mapping[str, str]]]


def gather(listing: Listing, wanted: Sequence[str], read: Read) -> Recipients:
    """Read a list. wanted: folded names of the fields whose values are kept.

    Raises:
        BadRecipients: the file cannot be read to its end.
    """
    gathered = Recipients()
    seen: set[str] = set()
    for line, written, values in listing.rows:
        number = read_cell(written, read)
        if isinstance(number, Refusal):
            gathered.bad.append(BadRow(line, written[:40], why(number)))
        elif number in seen:
            gathered.doubles += 1
        else:
            seen.add(number)
            kept = tuple(read_value(values.get(name, "")) for name in wanted)
            gathered.found.append(Recipient(line, number, kept))
    return gathered


def from_group(members: Iterable[tuple[str, Mapping[str, str]]]) -> Listing:
    """The members of a group: number (E.164), and fields."""
    kept = list(members)
    fields = dict.fromkeys(["number", *(name for _, values in kept for name in values)])
    rows = (
        (place, number, {"number": number} | {fold(name): value for name, value in it.items()})
        for place, (number, it) in enumerate(kept, 1)
    )
    return Listing(list(fields), rows)


def from_csv(file: Path, column: str = "number") -> Listing:
    """A CSV file with a header row: commas, semicolons or tabs, UTF-8, or UTF-16 with its mark.

    Raises:
        BadRecipients: it cannot be read, or has no such column.
    """
    lines = _lines(file)
    first = next(lines, "")
    if first.lower().startswith("sep=") and len(first.rstrip("\r\n")) == 5:
        mark = first[4]  # Excel's own way to say it
        first = next(lines, "")
        before = 1
    else:
        mark, before = _mark(first), 0
    if not first.strip():
        raise BadRecipients(f"{file}: is empty; its first line must name the columns.")
    table = csv.reader(_again(first, lines), delimiter=mark, strict=True)
    header = [name.strip() for name in _next_row(file, table)]
    folded = [fold(name) for name in header]
    twice = next((name for at, name in enumerate(folded) if name and name in folded[:at]), None)
    if twice is not None:
        raise BadRecipients(f'{file}: the column "{twice}" is there twice: give one another name.')
    if fold(column) not in folded:
        raise BadRecipients(
            f'{file}: has no column "{column}". There are: {", ".join(filter(None, header))}. '
            "Say with --column which one holds the numbers."
        )
    rows = _rows(file, table, folded, folded.index(fold(column)), before)
    return Listing([name for name in header if name], rows)


def why(refusal: Refusal) -> str:
    """Why a row gets no text, in words."""
    return f"{_WHY[refusal.reason]}: {refusal.detail}" if refusal.detail else _WHY[refusal.reason]


_WHY: Mapping[str, str] = {
    "bad-number": "no number that a text can go to",
    "country-not-open": "a country that sms.countries does not open",
    "no-gateway": "no gateway carries this number",
    "no-words": "the text is empty",
    "too-long": "too many parts",
}


def _lines(file: Path) -> Iterator[str]:
    try:
        with file.open("rb") as raw:
            start = raw.read(4)
        coding = "utf-16" if start[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
        with file.open(encoding=coding, newline="") as text:
            yield from text
    except UnicodeError:
        raise BadRecipients(
            f'{file}: is not in UTF-8: in Excel, save it as "CSV UTF-8 (comma delimited)".'
        ) from None


def _again(first: str, lines: Iterator[str]) -> Iterator[str]:
    yield first
    yield from lines


def _mark(header: str) -> str:
    return max(",;\t", key=header.count)


def _next_row(file: Path, table: Iterator[list[str]]) -> list[str]:
    try:
        return next(table, [])
    except csv.Error as error:
        raise BadRecipients(f"{file}: the first line is no CSV: {error}.") from None


class _Table(Protocol):
    """What csv.reader makes."""

    line_num: int

    def __next__(self) -> list[str]: ...


def _rows(
    file: Path, table: _Table, folded: Sequence[str], at: int, before: int
) -> Iterator[tuple[int, str, Mapping[str, str]]]:
    line = table.line_num + before + 1
    while True:
        try:
            row = next(table)
        except StopIteration:
            return
        except csv.Error as error:
            raise BadRecipients(f"{file}: line {line} is no CSV: {error}.") from None
        if any(cell.strip() for cell in row):
            values = {name: cell for name, cell in zip(folded, row, strict=False) if name}
            yield line, row[at] if at < len(row) else "", values
        line = table.line_num + before + 1
