"""The corpora in the repository: for each target a few small inputs that reach all its code."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

MOST_FILES = 24
MOST_BYTES = 16 * 1024


def inputs(folder: Path) -> list[bytes]:
    """What is kept for one target, in the order of the files' names."""
    return [file.read_bytes() for file in sorted(folder.iterdir())] if folder.is_dir() else []


def keep(chosen: Sequence[Path], folder: Path) -> int:
    """Make the files of a folder these ones, as many as may be kept; returns how many."""
    kept = {file.name: file.read_bytes() for file in few_of(chosen)}
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in kept.items():
        (folder / name).write_bytes(content)
    for file in folder.iterdir():
        if file.name not in kept:
            file.unlink()
    return len(kept)


def few_of(files: Sequence[Path]) -> list[Path]:
    """Some of the files, evenly from the shortest to the longest, within the two limits."""
    by_size = sorted(files, key=lambda file: (file.stat().st_size, file.name))
    count = min(len(by_size), MOST_FILES)
    even = [by_size[at * len(by_size) // count] for at in range(count)]
    kept: list[Path] = []
    room = MOST_BYTES
    for file in even:
        room -= file.stat().st_size
        if room < 0:
            break
        kept.append(file)
    return kept
