"""Writes rendered files into a folder, for a first installation or to look at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from dialplan_templates.compare import compare, refuse_what_is_not_ours
from dialplan_templates.errors import CannotWrite
from dialplan_templates.transaction import (
    FileTransaction,
    forget_old_backups,
    one_at_a_time,
    recover,
)


@dataclass(frozen=True, slots=True)
class Written:
    """What was written. `backup` has the files that were replaced; None if none was."""

    names: tuple[str, ...] = ()
    backup: Path | None = None


def write_files(
    rendered: Mapping[str, str], folder: Path, *, now: datetime, force: bool = False
) -> Written:
    """Write what differs, all of it or nothing.

    Arguments:
        rendered: files without mark, from render().
        now: names the backup's folder.
        force: also replace files that are not ours or were changed by hand.

    Raises:
        NotOurs: without force; nothing was written.
        CannotWrite, AnotherApply: nothing was written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CannotWrite(f"{folder}: cannot be made: {error.strerror}.") from error
    with one_at_a_time(folder):
        recover(folder)
        changes = compare(rendered, folder)
        if not force:
            refuse_what_is_not_ours(changes)
        todo = [change for change in changes if change.changed]
        if not todo:
            return Written()
        transaction = FileTransaction(folder, todo, now)
        transaction.begin()
        transaction.finish()
        forget_old_backups(folder)
    replaced = any(change.old is not None for change in todo)
    return Written(tuple(it.name for it in todo), transaction.backup if replaced else None)
