"""What a person decides of several entries of the ledger at once."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar

import click

from cli.exits import Exit
from cli.opening import ask_ledger
from cli.options import print_json
from ledger.errors import NoSuchEntry
from ledger.store import Ledger
from mail.errors import HandoverFailed
from pbx.model import Site

T = TypeVar("T")


def change_each(
    site: Site,
    ids: Sequence[int],
    change: Callable[[Ledger, int], Awaitable[T]],
    *,
    line: Callable[[T], str],
    as_data: Callable[[T], Any],
    as_json: bool,
    troubles: Sequence[str] = (),
) -> None:
    """Change each; one that cannot be changed keeps no other from it, and the command exits 1.

    Arguments:
        line: what is said of one that was changed; `as_data` for programs.
        troubles: what went wrong before.
    """
    problems = list(troubles)

    async def change_all(ledger: Ledger) -> list[T]:
        changed = []
        for entry_id in ids:
            try:
                changed.append(await change(ledger, entry_id))
            except (NoSuchEntry, HandoverFailed) as error:
                problems.append(str(error))
        return changed

    changed = ask_ledger(site, change_all)
    if as_json:
        print_json({"changed": [as_data(it) for it in changed], "problems": problems})
    else:
        for it in changed:
            click.echo(line(it))
        for problem in problems:
            click.echo(problem, err=True)
    if problems:
        raise click.exceptions.Exit(Exit.FAILED)
