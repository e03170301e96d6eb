"""The people file: CSV as spreadsheets write it."""

# ruff: noqa: PT017 - what a refusal says is checked as well

from __future__ import annotations

import csv
import io
import tempfile
from collections.abc import Sequence
from pathlib import Path

from endurance.fuzz.draw import Draw, as_text
from endurance.fuzz.target import Target
from pbx.errors import SiteError
from pbx.people_file import CSV_COLUMNS, Row, read_people

_BASE = Path("/nowhere")


def _read(content: bytes) -> list[Row]:
    with tempfile.NamedTemporaryFile(suffix=".csv") as file:
        file.write(content)
        file.flush()
        return read_people(Path(file.name), _BASE)


def check_file(data: bytes) -> None:
    """Any bytes are people or faults that say where; no line is beyond the file's end."""
    last = len(data.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n"))
    try:
        rows = _read(data)
    except SiteError as error:
        assert error.problems
        for problem in error.problems:
            assert problem.line is None or 1 <= problem.line <= last
            assert problem.what
        return
    for row in rows:
        assert 1 <= row.line <= last
        assert row.person.extension.isdigit()
        assert "\n" not in row.person.name


def check_table(data: bytes) -> None:
    """What a spreadsheet wrote is read cell by cell, whatever the cells hold."""
    draw = Draw(data)
    delimiter = draw.one_of(",;\t")
    line_end = draw.one_of(("\n", "\r\n"))
    name = as_text(draw.rest())
    cells = ("1001", name, "sari@klinik.example", "4242")
    try:
        content = _written(("extension", "name", "email", "pin"), cells, delimiter, line_end)
    except UnicodeEncodeError:
        return
    try:
        (row,) = _read(content)
    except SiteError as error:
        assert {problem.key for problem in error.problems} <= {"name", ""}
        return
    assert row.person.name == name.strip()
    assert (row.person.extension, row.person.email) == ("1001", "sari@klinik.example")
    assert row.person.pin_secret().read() == "4242"


def _written(columns: Sequence[str], cells: Sequence[str], delimiter: str, line_end: str) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=delimiter, lineterminator=line_end, quoting=csv.QUOTE_ALL)
    writer.writerow(columns)
    writer.writerow(cells)
    return text.getvalue().encode()


_WORDS = (*(name.encode() for name in CSV_COLUMNS), b"sep=;\n", b'"', b'""', b"\xef\xbb\xbf", b"\r")

TARGETS = (
    Target("people-file", check_file, 1024, _WORDS, examples=150),
    Target("people-table", check_table, 512, _WORDS, examples=150),
)
