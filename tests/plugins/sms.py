"""A real Kannel's programs (lab/kannel.py)."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from lab.packages import PackageTree
from lab.trees import kannel as kannel_packages


@pytest.fixture(scope="session")
def kannel_tree(
    lab_folder: Path, tier: Callable[[str], AbstractContextManager[None]]
) -> PackageTree:
    tree = kannel_packages(lab_folder)
    with tier("sms"):
        tree.ensure(print)
    return tree
