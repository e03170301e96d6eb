"""Options that many commands share."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

C = TypeVar("C", bound=Callable[..., Any])

ID = click.IntRange(1, 2**63 - 1)
"""What a database's whole number holds."""
DEFAULT_SITE = Path("/etc/voxpost/site.toml")


def site_option(command: C) -> C:
    """`--site FILE`, also by VOXPOST_SITE."""
    return click.option(
        "--site",
        "site_file",
        type=click.Path(dir_okay=False, path_type=Path),
        envvar="VOXPOST_SITE",
        default=DEFAULT_SITE,
        show_default=True,
        show_envvar=True,
        help="The site file.",
    )(command)


def json_option(command: C) -> C:
    """`--json`: data for programs instead of a table for people."""
    return click.option("--json", "as_json", is_flag=True, help="Print data for programs.")(command)


def print_json(data: Any) -> None:
    """Print data for programs, in ASCII: a caller's name may hold what no terminal takes."""
    click.echo(json.dumps(data, indent=2, default=str))
