"""Reads people from CSV, as spreadsheets write it: commas or semicolons, quotes, empty rows."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from pbx.errors import Problem, SiteError
from pbx.faults import dotted, faults_of, location_of, say
from pbx.people import Person
from pbx.reading import read_text

CSV_COLUMNS: dict[str, tuple[str, ...]] = {
    "extension": ("extension",),
    "name": ("name",),
    "email": ("email",),
    "language": ("language",),
    "timezone": ("timezone",),
    "pin": ("voicemail", "pin"),
    "pin_file": ("voicemail", "pin_file"),
    "attach": ("voicemail", "attach"),
    "after_delivery": ("voicemail", "after_delivery"),
    "read_is_heard": ("voicemail", "read_is_heard"),
    "when_deleted": ("voicemail", "when_deleted"),
    "imap_username": ("imap_username",),
    "imap_password_file": ("imap_password_file",),
    "phone_password": ("phone", "password"),
    "phone_password_file": ("phone", "password_file"),
    "phone_transport": ("phone", "transport"),
    "may_dial": ("may_dial",),
}
"""The people file's columns, and where each stands in a person's table."""

_COLUMN_OF = {path: column for column, path in CSV_COLUMNS.items()}
_DELIMITERS = ",;\t"


@dataclass(frozen=True, slots=True)
class Row:
    """A person of the people file, and the line that the row ends on."""

    person: Person
    line: int


def read_people(file: Path, base: Path) -> list[Row]:
    """Read the people file.

    Arguments:
        base: the folder that paths in it are relative to: the site file's.

    Raises:
        SiteError: with every fault found, each with its line.
    """
    text = read_text(file, "Write it, or mend people_file in the site file.")
    try:
        return _read(file, text, base)
    except csv.Error as error:
        remedy = "Save it anew as CSV."
        raise SiteError.single(file, "", f"is not CSV: {error}.", remedy) from error


def _read(file: Path, text: str, base: Path) -> list[Row]:
    lines = text.split("\n")
    begin = 1 if re.fullmatch(r'"?sep=.?"?', lines[0].strip()) else 0  # Excel's own first line
    header = lines[begin] if begin < len(lines) else ""
    delimiter = max(_DELIMITERS, key=header.count)
    rows = csv.reader((f"{line}\n" for line in lines[begin:]), delimiter=delimiter)
    columns = [name.strip().lower() for name in next(rows, [])]
    _check_columns(file, columns, begin + 1)
    people: list[Row] = []
    problems: list[Problem] = []
    for cells in rows:
        if not any(cell.strip() for cell in cells):
            continue
        line = begin + rows.line_num
        if any(cell.strip() for cell in cells[len(columns) :]):
            what = f"has {len(cells)} cells, the first line names {len(columns)} columns."
            problems.append(Problem(file, "", what, "Put a cell with commas in quotes.", line))
            continue
        data = _person(columns, cells)
        try:
            people.append(Row(Person.model_validate(data, context={"base": base}), line))
        except ValidationError as error:
            problems += _problems(file, line, data, error)
    if problems:
        raise SiteError(problems)
    return people


def _check_columns(file: Path, columns: Sequence[str], line: int) -> None:
    known = (*CSV_COLUMNS, "")  # spreadsheets leave empty columns behind
    unknown = [f'has an unknown column "{name}".' for name in columns if name not in known]
    missing = [f'has no column "{name}".' for name in ("extension", "name") if name not in columns]
    twice = [f'has column "{name}" twice.' for name in CSV_COLUMNS if columns.count(name) > 1]
    if wrong := [*missing, *unknown, *twice]:
        remedy = f"Columns are: {', '.join(CSV_COLUMNS)}."
        raise SiteError([Problem(file, "", wrong[0], remedy, line)])


def _person(columns: Sequence[str], cells: Sequence[str]) -> dict[str, Any]:
    person: dict[str, Any] = {}
    for column, cell in zip(columns, cells, strict=False):
        value = cell.strip()
        if not value or not column:
            continue
        *path, leaf = CSV_COLUMNS[column]
        table = person
        for name in path:
            table = table.setdefault(name, {})
        table[leaf] = re.split(r"[\s,;]+", value) if leaf == "may_dial" else value
    return person


def _problems(
    file: Path, line: int, data: dict[str, Any], error: ValidationError
) -> Iterator[Problem]:
    for fault in faults_of(error):
        location = location_of(fault, data)
        names = tuple(str(part) for part in location if not isinstance(part, int))
        what, remedy = say(fault, location)
        yield Problem(file, _COLUMN_OF.get(names, dotted(location)), what, remedy, line)
