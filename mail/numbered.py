"""Messages in voicemail folders by their numbers, carried so that a crash never harms one.

Asterisk takes a number for used as long as its msgNNNN.txt is there. So the text claims the new
number first and leaves the old one last, and in between both names are one file (a hard link).
Two names of one text are an interrupted step: whoever sees them can finish it. Audio is renamed,
never linked: Asterisk copies onto names that it takes for free, which would empty a linked file.
"""

from __future__ import annotations

import os
import re
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path

from mail.folder_lock import Disk

TEXT = "txt"
LAST_NUMBER = 9998
"""Asterisk's MAXMSGLIMIT is 9999 messages in a folder."""

Place = tuple[Path, int]
"""A folder, and a message's number in it."""

_NAME = re.compile(r"msg([0-9]{4})\.(.+)")


def endings(folder: Path) -> dict[int, set[str]]:
    """The numbers in use in a folder, each with the endings of its files."""
    found: defaultdict[int, set[str]] = defaultdict(set)
    try:
        names = os.listdir(folder)  # noqa: PTH208 - ten times as fast, and there may be 20,000
    except FileNotFoundError:
        return {}
    for name in names:
        if match := _NAME.fullmatch(name):
            found[int(match[1])].add(match[2])
    return found


def named(folder: Path, number: int, ending: str) -> Path:
    return folder / f"msg{number:04d}.{ending}"


def next_number(folder: Path) -> int:
    """The number behind the last, where Asterisk puts what comes next."""
    return max(endings(folder), default=-1) + 1


def carry(disk: Disk, source: Place, target: Place, found: set[str]) -> None:
    """Give a message another place, which nobody uses.

    found: the endings of its files.

    Raises:
        FileExistsError: somebody does.
    """
    disk.link(named(*source, TEXT), named(*target, TEXT))
    _absorb(disk, source, target, found)


def remove(disk: Disk, place: Place, found: set[str]) -> None:
    """Delete a message; its text goes last, so that it is found as long as anything is left."""
    for ending in sorted(found - {TEXT}):
        disk.unlink(named(*place, ending))
    disk.unlink(named(*place, TEXT))


def torn(folders: Sequence[Path]) -> list[list[Place]]:
    """The messages with two numbers: where each lies, the place to keep first.

    folders: what lies in a later one stays there: heard is heard.
    """
    places: defaultdict[tuple[int, int], list[Place]] = defaultdict(list)
    for folder in reversed(folders):
        for number, found in sorted(endings(folder).items()):
            if TEXT not in found:
                continue
            try:
                facts = named(folder, number, TEXT).lstat()
            except FileNotFoundError:
                continue
            if facts.st_nlink > 1:
                places[facts.st_dev, facts.st_ino].append((folder, number))
    return [same for same in places.values() if len(same) > 1]


def mend(disk: Disk, folders: Sequence[Path]) -> int:
    """Finish each interrupted step; returns how many there were."""
    broken = torn(folders)
    for kept, *others in broken:
        for other in others:
            folder, number = other
            _absorb(disk, other, kept, endings(folder)[number])
    return len(broken)


def close_gaps(disk: Disk, folder: Path, go_on: Callable[[], bool]) -> bool:
    """Number a folder's messages anew, without gaps; False if `go_on` ended it before.

    What has no text is left alone: Asterisk may be about to give it one.
    """
    used = endings(folder)
    bare = {number for number, found in used.items() if TEXT not in found}
    free = 0
    for number in sorted(used.keys() - bare):
        while free in bare:
            free += 1
        if number > free:
            if not go_on():
                return False
            carry(disk, (folder, number), (folder, free), used[number])
        free += 1
    return True


def has_gaps(folder: Path) -> bool:
    used = endings(folder)
    last = max((number for number, found in used.items() if TEXT in found), default=-1)
    return last >= sum(number <= last for number in used)


def _absorb(disk: Disk, source: Place, target: Place, found: set[str]) -> None:
    """Bring what is left at the source to its other place."""
    for ending in sorted(found - {TEXT}):
        disk.rename(named(*source, ending), named(*target, ending))
    disk.unlink(named(*source, TEXT))
