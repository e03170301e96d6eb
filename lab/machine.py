"""Which machine this is, and whether Debian's tools are on it."""

from __future__ import annotations

import platform
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lab.errors import LabError, Unavailable

FETCH_TIMEOUT = 900.0  # seconds for one run of a tool; 40 MB over a slow line


@dataclass(frozen=True)
class Machine:
    """What the names of libraries depend on."""

    processor: str  # as the kernel says it
    architecture: str  # as dpkg says it
    triplet: str
    loader: str


MACHINES = (
    Machine("x86_64", "amd64", "x86_64-linux-gnu", "ld-linux-x86-64.so.2"),
    Machine("aarch64", "arm64", "aarch64-linux-gnu", "ld-linux-aarch64.so.1"),
)


def this_machine() -> Machine:
    """The machine that we run on. Raises Unavailable where it is not one of MACHINES."""
    name = platform.machine()
    for machine in MACHINES:
        if machine.processor == name and sys.platform == "linux":
            return machine
    known = " and ".join(machine.architecture for machine in MACHINES)
    raise Unavailable(f"the lab runs on Linux on {known}; this machine is {sys.platform} on {name}")


def need_tools() -> None:
    """Raise Unavailable where one of Debian's own tools is missing."""
    for tool in ("apt-get", "apt-config", "dpkg-deb"):
        if shutil.which(tool) is None:
            raise Unavailable(f"the lab needs Debian's {tool}, which is not on this machine")


def run(
    command: Sequence[str],
    environment: Mapping[str, str] | None = None,
    timeout: float = FETCH_TIMEOUT,
) -> str:
    """Run a tool and return what it printed.

    timeout: seconds. Raises LabError with the tool's own last words.
    """
    try:
        done = subprocess.run(
            list(command),
            env=None if environment is None else dict(environment),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=timeout,
            check=False,
        )
    except subprocess.TimeoutExpired as trouble:
        raise LabError(f"{command[0]} gave no answer within {timeout:.0f} seconds") from trouble
    if done.returncode != 0:
        words = (done.stderr or done.stdout).strip().splitlines()[-4:]
        raise LabError(f"{' '.join(command[:2])} failed: {' / '.join(words) or 'no words'}")
    return done.stdout
