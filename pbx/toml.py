"""Reads TOML, and says for what is none what was probably meant."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

from pbx.errors import Problem, SiteError

_PLACE = re.compile(r" \(at (?:line (\d+), column \d+|end of document)\)$")
_HINTS = (
    (re.compile(r"=\s*0\d"), 'A number that begins with 0 stands in quotes: extension = "0123".'),
    (re.compile(r"[“”„‘’«»]"), "Use straight quotes."),
    (re.compile(r"\{[^}]*$"), "A table in { } stands on one line. Or write it as [mail.smtp]."),
    (re.compile(r"=\s*(?!true\b|false\b|inf\b|nan\b)[A-Za-z/*]"), 'Text stands in quotes: "...".'),
)


def parse_toml(text: str, file: Path) -> dict[str, Any]:
    """The file's tables.

    Raises:
        SiteError: it is not TOML; with the line.
    """
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise SiteError.single(file, "", "is not TOML: too many brackets in one another.") from None
    except ValueError as error:  # a number of 5,000 digits is none of TOMLDecodeError's
        raise SiteError([_problem(text, file, str(error))]) from error


def _problem(text: str, file: Path, words: str) -> Problem:
    place = _PLACE.search(words)
    line = int(place[1]) if place and place[1] else None
    what = f"is not TOML: {_PLACE.sub('', words)}."
    return Problem(file, "", what, _hint(text, line), line)


def _hint(text: str, line: int | None) -> str:
    lines = text.split("\n")
    here = lines[line - 1].split("#")[0] if line is not None and line <= len(lines) else ""
    return next((hint for sign, hint in _HINTS if sign.search(here)), "Mend that line.")
