"""Writes rendered files into a folder, for a first installation or to look at."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from dialplan_templates.compare import compare
from dialplan_templates.errors import CannotWrite, NotOurs
from dialplan_templates.mark import State
from dialplan_templates.writing import sync_folder, write_beside


def write_files(rendered: Mapping[str, str], folder: Path, *, force: bool = False) -> list[str]:
    """Write what differs, each file whole or not at all; returns the names written.

    Arguments:
        rendered: files without mark, from render().
        force: also replace files that are not ours or were changed by hand.

    Raises:
        NotOurs: without force; nothing was written.
        CannotWrite: the folder cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CannotWrite(f"{folder}: cannot be made: {error.strerror}.") from error
    changes = [change for change in compare(rendered, folder) if change.changed]
    unsafe = [] if force else [change for change in changes if not change.safe_to_write]
    if unsafe:
        raise NotOurs(
            edited=[change.name for change in unsafe if change.state is State.EDITED],
            foreign=[change.name for change in unsafe if change.state is State.FOREIGN],
        )
    try:
        for change in changes:
            temporary = folder / f".{change.name}.voxpost-new"
            write_beside(temporary, folder / change.name, change.new)
            temporary.replace(folder / change.name)
        sync_folder(folder)
    except OSError as error:
        raise CannotWrite(f"{folder}: cannot be written: {error.strerror}.") from error
    return [change.name for change in changes]
