"""`python -I -S bench/once.py COMMAND...`: runs a command, prints its seconds and megabytes.

A program of its own and a small one: a child's largest memory (getrusage(2)) is at least that
of the process that started it. The exit code is the command's.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time


def main(command: list[str]) -> int:
    """Run it, its output thrown away."""
    began = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    sys.stdout.write(f"{seconds} {usage.ru_maxrss / 1024}\n")
    return process.returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
