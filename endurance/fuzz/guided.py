"""The child process of the fuzzer: one target, or a merge of corpora, until libFuzzer ends it.

Run as `python -m endurance.fuzz.guided TARGET STARTER [options of libFuzzer]`. Coverage is measured
in what is imported under atheris' eye, so nothing of the product is imported before.
"""

from __future__ import annotations

import importlib
import shlex
import sys
from pathlib import Path

import atheris

from endurance.fuzz.target import Target

_MEASURED = ["agi", "ami", "dialplan_templates", "mail", "pbx", "sms", "tomllib"]


def main(arguments: list[str]) -> None:
    """Fuzz; does not return."""
    name, starter, *options = arguments
    _write_starter(Path(starter), name)
    with atheris.instrument_imports(include=_MEASURED):
        targets: dict[str, Target] = importlib.import_module("endurance.fuzz.registry").ALL
    atheris.Setup([starter, *options], targets[name].check)
    atheris.Fuzz()


def _write_starter(file: Path, name: str) -> None:
    """A program of its own: to merge corpora libFuzzer starts itself anew, by name."""
    command = shlex.join([sys.executable, "-m", "endurance.fuzz.guided", name, str(file)])
    if not file.exists():
        file.write_text(f'#!/bin/sh\nexec {command} "$@"\n')
        file.chmod(0o755)


if __name__ == "__main__":
    main(sys.argv[1:])
