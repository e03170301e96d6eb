"""voxpost itself as a program of the lab, on the site file of a folder."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from lab.errors import LabError
from lab.processes import Child, run_program

_WITHIN = 120.0  # seconds for a command


@dataclass
class VoxpostSite:
    """A folder with a site file, and what voxpost keeps beside it."""

    folder: Path

    @property
    def file(self) -> Path:
        """The site file."""
        return self.folder / "site.toml"

    @property
    def log_file(self) -> Path:
        """What all of voxpost's lives logged."""
        return self.folder / "voxpost.log"

    @property
    def ledger_file(self) -> Path:
        return self.folder / "state/ledger.sqlite"

    def words(self, *command: str) -> list[str]:
        """What runs a command on this site."""
        return [sys.executable, "-m", "cli", *command, "--site", str(self.file)]

    async def command(self, *command: str) -> str:
        """Run a command to its end, and return what it printed.

        Raises LabError with its words when it fails.
        """
        code, said = await run_program(self.words(*command), _WITHIN)
        if code:
            raise LabError(f"voxpost {command[0]}: {said.strip()}")
        return said

    def start(self) -> Child:
        """Start `voxpost run`; it is not waited for."""
        return Child("voxpost", self.words("run"), self.log_file)
