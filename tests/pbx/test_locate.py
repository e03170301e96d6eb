"""The line of a key, for error messages."""

from __future__ import annotations

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pbx.locate import Lines

TEXT = """\
top = 1

[site] # the site
"name" = "K"

[[people]]
extension = "1"
[people.voicemail]
pin = "1"
[[people]]
voicemail.pin = "2"
phone = { password = "x" }
hours = [
  "a",
]
[ "mail" . smtp ]
host = "h"
"""


@pytest.mark.parametrize(
    ("location", "line"),
    [
        (("top",), 1),
        (("site",), 3),
        (("site", "name"), 4),
        (("site", "missing"), 3),
        (("people", 0), 6),
        (("people", 0, "extension"), 7),
        (("people", 0, "voicemail", "pin"), 9),
        (("people", 1), 10),
        (("people", 1, "voicemail", "pin"), 11),
        (("people", 1, "voicemail"), 11),
        (("people", 1, "phone", "password"), 12),
        (("people", 1, "hours", 0), 13),
        (("mail", "smtp", "host"), 17),
        (("nothing", "at", "all"), None),
        ((), None),
    ],
)
def test_a_key_is_found_on_its_line(location: tuple[str | int, ...], line: int | None) -> None:
    assert Lines(TEXT).of(location) == line


NAMES = st.text("abcdefg-_01", min_size=1, max_size=6)


@given(st.dictionaries(NAMES, st.lists(NAMES, unique=True, max_size=4), max_size=6), NAMES)
def test_every_key_of_any_file_of_tables_stands_where_it_was_written(
    tables: dict[str, list[str]], array: str
) -> None:
    lines: list[str] = []
    places: dict[tuple[str | int, ...], int] = {}
    for table, keys in tables.items():
        lines.append(f"[{table}]")
        for key in keys:
            lines.append(f"{key} = 1")
            places[table, key] = len(lines)
    if array not in tables:
        for index, keys in enumerate(tables.values()):
            lines.append(f"[[{array}]]")
            for key in keys:
                lines += ["", f"{key} = [1] # x = 2"]
                places[array, index, key] = len(lines)
    text = "\n".join(lines)
    tomllib.loads(text)
    for location, line in places.items():
        assert Lines(text).of(location) == line


@given(st.text("[]{}=\"'.#ab \n\r\0"), st.lists(st.one_of(NAMES, st.integers(0, 3)), max_size=4))
def test_junk_has_a_line_of_its_own_or_none(text: str, location: list[str | int]) -> None:
    line = Lines(text).of(location)
    assert line is None or 1 <= line <= text.count("\n") + 1
