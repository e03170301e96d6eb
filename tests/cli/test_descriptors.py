"""The limit of descriptors that systemd leaves is raised."""

from __future__ import annotations

import subprocess
import sys

from tests.cli.site_folder import ROOT


def test_the_soft_limit_becomes_the_hard_one_up_to_what_is_enough() -> None:
    program = """
import resource
from cli.descriptors import take_descriptors
resource.setrlimit(resource.RLIMIT_NOFILE, (200, 1000))
take_descriptors()
print(resource.getrlimit(resource.RLIMIT_NOFILE))
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, cwd=ROOT, check=True
    )
    assert done.stdout.strip() == "(1000, 1000)"
