"""What an examination found, and how it is shown."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import click

from cli.plain import plain


class Grade(StrEnum):
    """How bad it is."""

    GOOD = "ok"
    ODD = "odd"
    """Works, but not as well as it could."""
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was tried for real."""

    subject: str
    grade: Grade
    what: str
    remedy: str = ""


def good(subject: str, what: str) -> Finding:
    return Finding(subject, Grade.GOOD, what)


def odd(subject: str, what: str, remedy: str) -> Finding:
    return Finding(subject, Grade.ODD, what, remedy)


def bad(subject: str, what: str, remedy: str) -> Finding:
    return Finding(subject, Grade.BAD, what, remedy)


_COLOURS = {Grade.GOOD: "green", Grade.ODD: "yellow", Grade.BAD: "red"}


def print_finding(finding: Finding) -> None:
    grade = click.style(f"{finding.grade:4}", fg=_COLOURS[finding.grade])
    click.echo(f"{grade} {finding.subject + ':':22} {plain(finding.what)}")
    if finding.remedy:
        click.echo(f"{'':27} -> {plain(finding.remedy)}")
