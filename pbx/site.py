"""Reads the site file and its people file into the checked model."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from pbx.contradictions import contradictions
from pbx.errors import Problem, SiteError
from pbx.faults import dotted, faults_of, location_of, say
from pbx.locate import Lines
from pbx.model import Site
from pbx.people_file import CSV_COLUMNS, read_people
from pbx.reading import read_text
from pbx.toml import parse_toml

__all__ = ["CSV_COLUMNS", "json_schema", "load_site", "parse_site"]


def load_site(file: Path) -> Site:
    """Read, check and complete the site file.

    Raises:
        SiteError: with every fault found, each with file, key, line and remedy.
    """
    return parse_site(read_text(file), file)


def parse_site(text: str, file: Path) -> Site:
    """Check and complete a site file's text.

    Arguments:
        file: where it stands, or will: relative paths are relative to its folder.

    Raises:
        SiteError: as `load_site`.
    """
    data = parse_toml(text, file)
    lines = Lines(text)
    try:
        site = Site.model_validate(data, context={"base": file.parent})
    except ValidationError as error:
        problems = [_problem(file, lines, data, fault) for fault in faults_of(error)]
        raise SiteError(problems) from error
    places = [(file, lines.of(("people", at, "extension"))) for at in range(len(site.people))]
    if site.people_file is not None:
        rows = read_people(site.people_file, file.parent)
        people = (*site.people, *(row.person for row in rows))
        site = site.model_copy(update={"people": people})
        places += [(site.people_file or file, row.line) for row in rows]
    if problems := list(contradictions(file, lines, site, places)):
        raise SiteError(problems)
    return site


def json_schema() -> str:
    """JSON Schema of the site file (draft 2020-12), for editors."""
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **Site.model_json_schema(by_alias=True),
        "title": "voxpost's site file",
    }
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def _problem(file: Path, lines: Lines, data: Any, fault: Any) -> Problem:
    location = location_of(fault, data)
    what, remedy = say(fault, location)
    return Problem(file, dotted(location), what, remedy, lines.of(location))
