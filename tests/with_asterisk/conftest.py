"""A site whose Asterisk runs on what `voxpost generate-config --output` wrote."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from lab.asterisk import PrivateAsterisk
from lab.packages import PackageTree
from lab.ports import AsteriskPorts, PortFinder
from tests.with_asterisk.live_site import LiveSite


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def live(
    asterisk22_tree: PackageTree, short_folder: Path, port_finder: PortFinder
) -> AsyncIterator[LiveSite]:
    """The site and its Asterisk 22, for the whole session; each test has its own state_dir."""
    private = PrivateAsterisk(
        asterisk22_tree, short_folder / "live", AsteriskPorts.pick(port_finder)
    )
    site = LiveSite(private, port_finder.one(), port_finder.one())
    site.configure()
    async with private:
        yield site
