"""`python -m bench.study [--quick] [--output FOLDER]`: measure, then write the report."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import shutil
import sys
import tempfile
from pathlib import Path

import structlog

from bench.study.plan import FULL, QUICK
from bench.study.report import write_report
from bench.study.run import run_study
from cli.exits import only_cause
from lab.errors import LabError
from lab.places import lab_home
from lab.ports import free_ports
from lab.trees import asterisk22


def main(arguments: list[str]) -> int:
    """Return the exit code: 1 when something could not be measured."""
    parser = argparse.ArgumentParser(prog="python -m bench.study", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a minute, to try it")
    parser.add_argument(
        "--output", type=Path, default=Path("docs/study"), help="the report's folder"
    )
    wish = parser.parse_args(arguments)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    tree = asterisk22(lab_home(os.environ, Path.cwd()))
    folder = Path(tempfile.mkdtemp(prefix="voxstudy"))
    folder.chmod(0o755)  # Dovecot works as another user
    try:
        tree.ensure(_say)
        plan = QUICK if wish.quick else FULL
        study = asyncio.run(run_study(folder, tree, free_ports(os.environ), plan, _say))
    except (LabError, OSError, ExceptionGroup) as error:
        trouble = only_cause(error)
        if not isinstance(trouble, LabError | OSError):
            raise
        _say(f"The study stopped: {trouble}\nWhat the parts said is in {folder}.")
        return 1
    shutil.rmtree(folder, ignore_errors=True)
    _say(f"Written: {write_report(study, wish.output)}")
    return 0


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
