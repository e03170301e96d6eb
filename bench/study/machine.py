"""Which machine it was, as the report names it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from importlib.metadata import version

from bench.machine import machine
from lab.dovecot import PROGRAM as DOVECOT
from lab.packages import PackageTree
from lab.processes import run_program


async def describe_machine(tree: PackageTree) -> Mapping[str, str]:
    """Name the hardware and every program that took part."""
    return {
        **await machine(tree),
        "Dovecot": await _said([str(DOVECOT), "--version"], ""),
        "sipp": await _said([*tree.command("usr/bin/sipp"), "-v"], "SIPp v"),
        "voxpost": version("voxpost"),
        "Load average before it began": f"{os.getloadavg()[0]:.2f}",
    }


async def _said(command: list[str], before: str) -> str:
    """The word after some text in what a program prints."""
    _, printed = await run_program(command)
    words = printed[printed.find(before) + len(before) :].split()
    return words[0].rstrip(".") if before in printed and words else "unknown"
