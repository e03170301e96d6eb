"""Reads the site file and its people file into the checked model."""

from __future__ import annotations

import csv
import json
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from pbx.errors import Problem, SiteError
from pbx.locate import line_of
from pbx.model import Site
from pbx.people import Person

CSV_COLUMNS = {
    "extension": ("extension",),
    "name": ("name",),
    "email": ("email",),
    "language": ("language",),
    "timezone": ("timezone",),
    "pin": ("voicemail", "pin"),
    "pin_file": ("voicemail", "pin_file"),
    "attach": ("voicemail", "attach"),
    "after_delivery": ("voicemail", "after_delivery"),
    "phone_password": ("phone", "password"),
    "phone_password_file": ("phone", "password_file"),
    "phone_transport": ("phone", "transport"),
    "may_dial": ("may_dial",),
}
"""The people file's columns, and where each stands in a person's table."""


def load_site(file: Path) -> Site:
    """Read, check and complete the site file.

    Raises:
        SiteError: with every fault found, each with file, key, line and remedy.
    """
    text = _read(file)
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SiteError.single(file, "", f"is not TOML: {error}.", "Mend that line.") from error
    context = {"base": file.parent}
    try:
        site = Site.model_validate(data, context=context)
    except ValidationError as error:
        raise SiteError([_problem(file, text, fault) for fault in _faults(error)]) from error
    if site.people_file is not None:
        people = (*site.people, *_read_people(site.people_file, context))
        site = site.model_copy(update={"people": people})
    problems = list(_contradictions(file, text, site))
    if problems:
        raise SiteError(problems)
    return site


def json_schema() -> str:
    """JSON Schema of the site file, for editors."""
    return json.dumps(Site.model_json_schema(by_alias=True), indent=2, ensure_ascii=False) + "\n"


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise SiteError.single(
            file,
            "",
            "does not exist.",
            "Write one with `voxpost init`, or name yours with --site or VOXPOST_SITE.",
        ) from None
    except OSError as error:
        raise SiteError.single(file, "", f"cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise SiteError.single(file, "", f"is not UTF-8 text: {error}.") from error


def _read_people(file: Path, context: dict[str, Any]) -> list[Person]:
    rows = csv.DictReader(_read(file).splitlines(), skipinitialspace=True)
    columns = [name.strip() for name in rows.fieldnames or []]
    rows.fieldnames = columns
    unknown = [name for name in columns if name not in CSV_COLUMNS]
    missing = [name for name in ("extension", "name") if name not in columns]
    if unknown or missing:
        what = f"unknown column {unknown[0]!r}." if unknown else f"has no column {missing[0]!r}."
        raise SiteError([Problem(file, "", what, f"Columns are: {', '.join(CSV_COLUMNS)}.", 1)])
    people: list[Person] = []
    problems: list[Problem] = []
    for row in rows:
        try:
            people.append(Person.model_validate(_person_of_row(row), context=context))
        except ValidationError as error:
            problems += [_csv_problem(file, rows.line_num, fault) for fault in _faults(error)]
    if problems:
        raise SiteError(problems)
    return people


def _person_of_row(row: dict[str | Any, Any]) -> dict[str, Any]:
    person: dict[str, Any] = {}
    for column, value in row.items():
        if column is None:
            person["too many columns"] = value
        elif value is not None and value.strip():
            *path, leaf = CSV_COLUMNS[column]
            table = person
            for name in path:
                table = table.setdefault(name, {})
            table[leaf] = value.split() if leaf == "may_dial" else value.strip()
    return person


def _contradictions(file: Path, text: str, site: Site) -> Iterable[Problem]:
    """What each part cannot know of the others."""
    seen: set[str] = set()
    for index, person in enumerate(site.people):
        if person.extension in seen:
            yield Problem(
                file,
                f"people.{person.extension}",
                "two people have this extension.",
                "Give one of them another.",
                line_of(text, ("people", index, "extension")),
            )
        seen.add(person.extension)
    if site.office is None:
        return
    for key in ("open_destination", "closed_destination"):
        number = getattr(site.office, key)
        if number not in seen:
            yield Problem(
                file,
                f"office.{key}",
                f"nobody has extension {number}.",
                "Name the extension of one of the people.",
                line_of(text, ("office", key)),
            )
    if site.office.extension in seen:
        yield Problem(
            file,
            "office.extension",
            f"{site.office.extension} is a person's extension.",
            "Choose a free number.",
            line_of(text, ("office", "extension")),
        )


def _problem(file: Path, text: str, fault: Any) -> Problem:
    location = _location(fault)
    what, remedy = _say(fault)
    return Problem(file, _dotted(location), what, remedy, line_of(text, location))


def _csv_problem(file: Path, line: int, fault: Any) -> Problem:
    what, remedy = _say(fault)
    return Problem(file, _dotted(_location(fault)), what, remedy, line)


# `voicemail` is a table or false. pydantic tells of both branches; only the table's is of use.
_TABLE_BRANCH, _FALSE_BRANCH = "PersonVoicemail", "literal[False]"


def _faults(error: ValidationError) -> list[Any]:
    return [fault for fault in error.errors() if _FALSE_BRANCH not in fault["loc"]]


def _location(fault: Any) -> tuple[str | int, ...]:
    return tuple(part for part in fault["loc"] if part != _TABLE_BRANCH)


def _dotted(location: Iterable[str | int]) -> str:
    key = ""
    for part in location:
        key += f"[{part}]" if isinstance(part, int) else f".{part}" if key else part
    return key


def _say(fault: Any) -> tuple[str, str]:
    kind, message = fault["type"], fault["msg"]
    if kind == "missing":
        return "is missing.", "Add it."
    if kind == "extra_forbidden":
        return "is not a key of the site file.", "Look for a slip of the pen, or remove it."
    if kind == "value_error":
        return f"{fault['ctx']['error']}.", ""
    plain = isinstance(fault["input"], str | int | float) and not _secretive(fault["loc"])
    shown = f" It is {fault['input']!r}." if plain else ""
    if kind == "string_pattern_mismatch":
        return f"is not of the right form.{shown}", _PATTERNS.get(fault["loc"][-1], "")
    return f"{message}.{shown}", ""


def _secretive(location: Iterable[str | int]) -> bool:
    return any(part in {"password", "secret", "pin", "apply_secret"} for part in location)


_PATTERNS: dict[Any, str] = {
    "extension": "Write 2 to 8 digits.",
    "pin": "Write 4 to 12 digits.",
    "country": "Write two capital letters like ID.",
    "host": "Write a host name or an address.",
    "context": "Use letters, digits, '.', '_' and '-'.",
}
