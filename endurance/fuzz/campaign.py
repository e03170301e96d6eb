"""Runs the fuzzer on a target: a child process, its log, what it found, what is kept of it."""

from __future__ import annotations

import re
import shutil
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from endurance.fuzz import corpus
from endurance.fuzz.target import Target
from lab.processes import run_program

_GRACE = 120.0  # seconds beyond the time given: start, end, merge
_ONE_INPUT = 10  # seconds that one input may take
_MEMORY = 1024  # MB that the process may have
_EXECUTIONS = re.compile(r"stat::number_of_executed_units: (\d+)|^#(\d+)\s", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Places:
    """Folders. kept: the corpora of the repository. scratch: where the fuzzer works."""

    kept: Path
    scratch: Path


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a target's run ended. failed: the fuzzer itself did not run as it should."""

    name: str
    executions: int
    seconds: float
    findings: tuple[Path, ...]
    kept: int  # files in the corpus
    failed: str = ""

    def __str__(self) -> str:
        line = (
            f"{self.name:20} {self.executions:>11,} executions in {self.seconds:>5.0f} s  "
            f"{len(self.findings)} findings  corpus {self.kept} files"
        )
        return "\n".join((line, *(f"    {file}" for file in self.findings), *self._words()))

    @property
    def clean(self) -> bool:
        """Whether it ran its time and found nothing."""
        return not self.findings and not self.failed

    def _words(self) -> list[str]:
        return [f"    {line}" for line in self.failed.splitlines()]


async def fuzz(target: Target, seconds: int, places: Places) -> Outcome:
    """Fuzz a target for some seconds, or until its first finding; keep what reaches new code."""
    work = places.scratch / target.name
    grown, findings = work / "corpus", work / "findings"
    for folder in (grown, findings, places.kept / target.name):
        folder.mkdir(parents=True, exist_ok=True)
    before = set(findings.iterdir())
    words = work / "words"
    words.write_text("".join(f'"{_escaped(word)}"\n' for word in target.words))
    began = time.monotonic()
    code, said = await _guided(
        target.name,
        places,
        seconds + _GRACE,
        *(f"-max_total_time={seconds}", f"-max_len={target.longest}", f"-dict={words}"),
        *(f"-timeout={_ONE_INPUT}", f"-rss_limit_mb={_MEMORY}", "-print_final_stats=1"),
        *(f"-artifact_prefix={findings}/", str(grown), str(places.kept / target.name)),
    )
    took = time.monotonic() - began
    (work / "log").write_text(said)
    new = tuple(sorted(set(findings.iterdir()) - before))
    counts = [int(first or second) for first, second in _EXECUTIONS.findall(said)]
    failed = f"exit code {code}\n{_end_of(said)}" if code and not new else ""
    kept = 0 if new or failed else await _keep(target, places)
    return Outcome(target.name, max(counts, default=0), took, new, kept, failed)


async def _keep(target: Target, places: Places) -> int:
    """Choose the fewest inputs that reach all that was reached."""
    work, kept = places.scratch / target.name, places.kept / target.name
    chosen = work / "chosen"
    shutil.rmtree(chosen, ignore_errors=True)
    chosen.mkdir()
    _, said = await _guided(
        target.name,
        places,
        10 * _GRACE,
        *("-set_cover_merge=1", f"-max_len={target.longest}"),
        *(str(chosen), str(work / "corpus"), str(kept)),
    )
    (work / "log.merge").write_text(said)
    files = list(chosen.iterdir())
    return corpus.keep(files, kept) if files else len(list(kept.iterdir()))


async def _guided(name: str, places: Places, limit: float, *options: str) -> tuple[int, str]:
    program = (sys.executable, "-m", f"{__package__}.guided", name)
    return await run_program([*program, str(places.scratch / name / "starter"), *options], limit)


def _escaped(word: bytes) -> str:
    return "".join(f"\\x{value:02x}" for value in word)


def _end_of(said: str) -> str:
    return "\n".join(said.splitlines()[-15:])
