"""`python -m lab.prepare`: fetch what the lab needs, so that later runs need no network."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path

from lab.errors import LabError, Unavailable
from lab.machine import need_tools, run
from lab.packages import Progress
from lab.places import lab_home
from lab.trees import asterisk16, asterisk22, kannel

MAIL_PACKAGES = ("postfix", "dovecot-imapd", "dovecot-lmtpd", "dovecot-sieve")
POLICY = Path("/usr/sbin/policy-rc.d")


def install_mail_programs(progress: Progress) -> None:
    """Install Postfix and Dovecot from the host's own Debian; none of its services starts.

    Quick when they are there. progress: gets one short line for each step. Raises LabError,
    and Unavailable when not root.
    """
    missing = [name for name in MAIL_PACKAGES if not _is_installed(name)]
    if not missing:
        return
    if os.geteuid() != 0:
        raise Unavailable(f"only root can install {' '.join(missing)}")
    need_tools()
    progress(f"mail: installing {' '.join(missing)}")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    # invoke-rc.d(8) asks this program whether it may start a service: 101 is no.
    ours = not POLICY.exists()
    if ours:
        with tempfile.NamedTemporaryFile("w", dir=POLICY.parent, delete=False) as new:
            new.write("#!/bin/sh\nexit 101\n")
        Path(new.name).chmod(0o755)
        Path(new.name).rename(POLICY)
    try:
        get = ["apt-get", "-q", "-y", "--no-install-recommends"]
        run([*get, "update"], environment)
        run([*get, "install", *missing], environment)
    finally:
        if ours:
            POLICY.unlink(missing_ok=True)


def _is_installed(package: str) -> bool:
    try:
        status = run(["dpkg-query", "--show", "--showformat=${Status}", package])
    except (LabError, FileNotFoundError):
        return False
    return status.endswith(" installed")


def main(arguments: list[str]) -> int:
    """Fetch what was asked for; the exit code is 1 when something could not be had."""
    parser = argparse.ArgumentParser(prog="python -m lab.prepare", description=__doc__)
    parser.add_argument("--demo", action="store_true", help="Asterisk 22 and a phone")
    parser.add_argument(
        "--tests", action="store_true", help="also Asterisk 16, Kannel, Postfix, Dovecot"
    )
    wish = parser.parse_args(arguments)
    if not (wish.demo or wish.tests):
        parser.error("say --demo or --tests")
    home = lab_home(os.environ, Path.cwd())
    steps = [("Asterisk 22", asterisk22(home).ensure)]
    if wish.tests:
        steps += [
            ("Asterisk 16", asterisk16(home).ensure),
            ("Kannel", kannel(home).ensure),
            ("mail", install_mail_programs),
        ]
    failed = 0
    for name, step in steps:
        try:
            step(_say)
        except LabError as trouble:
            failed = 1
            _say(f"{name}: cannot be had: {trouble}")
        else:
            _say(f"{name}: ready")
    return failed


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
