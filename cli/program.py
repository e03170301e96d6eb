"""Where the voxpost program of this installation is."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path


def own_program() -> Path:
    """The one that belongs to this Python: a virtual environment's need not be on the PATH."""
    beside = Path(sys.executable).with_name("voxpost")
    found = str(beside) if beside.exists() else shutil.which("voxpost") or sys.argv[0]
    return Path(found).absolute()
