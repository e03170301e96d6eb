"""A real Kannel with fakesmsc, and voxpost's gateway to it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from lab.packages import PackageTree
from lab.ports import PortFinder
from tests.with_sms.kannel_site import KannelSite


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def lasting_site(
    kannel_tree: PackageTree, short_folder: Path, port_finder: PortFinder
) -> AsyncIterator[KannelSite]:
    """For tests that only send, in the session's loop."""
    async with KannelSite(kannel_tree, short_folder / "kannel", port_finder) as site:
        yield site


@pytest_asyncio.fixture
async def site(
    kannel_tree: PackageTree, tmp_path: Path, port_finder: PortFinder
) -> AsyncIterator[KannelSite]:
    async with KannelSite(kannel_tree, tmp_path / "kannel", port_finder) as site:
        yield site
