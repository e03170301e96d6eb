"""Each fault has its test: docs/endurance.md lists them all, wherever they stand."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from lab.ports import PortFinder
from tests.cli.site_folder import SiteFolder
from tests.faults.way import Way, made_way
from tests.free_ports import free_ports


@pytest.fixture(scope="session")
def ports() -> PortFinder:
    return free_ports()


@pytest.fixture
def site(tmp_path: Path, ports: PortFinder) -> SiteFolder:
    """A site for `voxpost run` as a process."""
    return SiteFolder(tmp_path, ports)


@pytest.fixture
async def way(tmp_path: Path, ports: PortFinder) -> AsyncIterator[Way]:
    """The way from Asterisk's spool to a mail account, in this process, on real sockets."""
    async with made_way(tmp_path, ports) as way:
        yield way
