"""What the measurements ran on: they mean nothing without it."""

from __future__ import annotations

import platform
import re
from collections.abc import Mapping
from pathlib import Path

import psutil

from lab.packages import PackageTree
from lab.processes import run_program


async def machine(asterisk: PackageTree) -> Mapping[str, str]:
    """The machine's parts and the versions of what is measured, by their names."""
    gigabytes = psutil.virtual_memory().total / 2**30
    return {
        "Processor": _processor(Path("/proc/cpuinfo").read_text()),
        "Cores": str(psutil.cpu_count()),
        "Memory": f"{gigabytes:.0f} GiB",
        "Kernel": f"{platform.system()} {platform.release()}",
        "Python": platform.python_version(),
        "Asterisk": await _said([*asterisk.command("usr/sbin/asterisk"), "-V"], r"Asterisk (\S+)"),
        "Postfix": await _said(["/usr/sbin/postconf", "mail_version"], r"= (\S+)"),
    }


def _processor(cpuinfo: str) -> str:
    # proc(5); not every architecture names its model.
    found = re.search(r"^model name\s*:\s*(.+)$", cpuinfo, re.MULTILINE)
    return found[1].strip() if found else platform.machine()


async def _said(command: list[str], pattern: str) -> str:
    try:
        _, words = await run_program(command)
    except OSError:
        return "not installed"
    found = re.search(pattern, words)
    return found[1] if found else "unknown"
