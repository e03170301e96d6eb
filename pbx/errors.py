"""What can be wrong with a site file, said so that a person can mend it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Problem:
    """One fault of the site file: where it stands, what is wrong, and what to do."""

    file: Path
    key: str
    what: str
    remedy: str = ""
    line: int | None = None

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else str(self.file)
        key = f" {self.key}:" if self.key else ""
        remedy = f" {self.remedy}" if self.remedy else ""
        return f"{place}:{key} {self.what}{remedy}"


class PbxError(Exception):
    """Base of the errors of the plan."""


class SiteError(PbxError):
    """The site file cannot be used. `problems` lists every fault that was found."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems
        super().__init__("\n".join(str(problem) for problem in problems))

    @classmethod
    def single(cls, file: Path, key: str, what: str, remedy: str = "") -> SiteError:
        return cls([Problem(file, key, what, remedy)])
