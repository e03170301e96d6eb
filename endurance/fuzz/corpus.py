"""The corpora in the repository: for each target a few small inputs that reach all its code.

The fuzzer names its inputs by their hash. One that somebody gave a name was a finding.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

MOST_FILES = 24
MOST_BYTES = 16 * 1024
_HASH = re.compile(r"[0-9a-f]{40}")


def inputs(folder: Path) -> list[bytes]:
    """What is kept for one target, in the order of the files' names."""
    return [file.read_bytes() for file in sorted(folder.iterdir())] if folder.is_dir() else []


def keep(chosen: Sequence[Path], folder: Path) -> int:
    """Make the files of a folder these ones, as many as may be kept, beside the findings.

    Returns how many files there are then.
    """
    folder.mkdir(parents=True, exist_ok=True)
    before = list(folder.iterdir())
    findings = [file for file in before if _HASH.fullmatch(file.name) is None]
    kept = {file.name: file.read_bytes() for file in few_of(chosen, MOST_FILES - len(findings))}
    for name, content in kept.items():
        (folder / name).write_bytes(content)
    for file in before:
        if file.name not in kept and file not in findings:
            file.unlink()
    return len(kept) + len(findings)


def few_of(files: Sequence[Path], most: int = MOST_FILES) -> list[Path]:
    """Some of the files, evenly from the shortest to the longest, within the two limits."""
    by_size = sorted(files, key=lambda file: (file.stat().st_size, file.name))
    count = min(len(by_size), most)
    even = [by_size[at * len(by_size) // count] for at in range(count)]
    kept: list[Path] = []
    room = MOST_BYTES
    for file in even:
        room -= file.stat().st_size
        if room < 0:
            break
        kept.append(file)
    return kept
