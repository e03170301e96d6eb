"""Where the lab keeps what it fetched."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

VARIABLE = "VOXPOST_LAB"


def lab_home(environment: Mapping[str, str], here: Path) -> Path:
    """Find the folder of the lab: the variable VOXPOST_LAB, else `.lab` under `here`.

    environment: usually os.environ. here: usually the current folder, or the checkout.
    """
    named = environment.get(VARIABLE, "")
    return Path(named).expanduser().resolve() if named else (here / ".lab").resolve()
