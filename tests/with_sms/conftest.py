"""A real Kannel with fakesmsc, and voxpost's gateways to it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from lab.packages import PackageTree
from lab.ports import PortFinder
from tests.with_sms.kannel_box_site import KannelBoxSite
from tests.with_sms.kannel_site import KannelSite

WAYS = {"smsbox": KannelSite, "box": KannelBoxSite}


@pytest_asyncio.fixture(scope="session", loop_scope="session", params=WAYS)
async def lasting_way(
    request: pytest.FixtureRequest,
    kannel_tree: PackageTree,
    short_folder: Path,
    port_finder: PortFinder,
) -> AsyncIterator[KannelSite | KannelBoxSite]:
    """Both ways to Kannel, for tests that only send, in the session's loop."""
    folder = short_folder / f"kannel-{request.param}"
    async with WAYS[request.param](kannel_tree, folder, port_finder) as way:
        yield way


@pytest_asyncio.fixture(params=WAYS)
async def way(
    request: pytest.FixtureRequest,
    kannel_tree: PackageTree,
    tmp_path: Path,
    port_finder: PortFinder,
) -> AsyncIterator[KannelSite | KannelBoxSite]:
    """Both ways to Kannel."""
    async with WAYS[request.param](kannel_tree, tmp_path / "kannel", port_finder) as way:
        yield way


@pytest_asyncio.fixture
async def site(
    kannel_tree: PackageTree, tmp_path: Path, port_finder: PortFinder
) -> AsyncIterator[KannelSite]:
    async with KannelSite(kannel_tree, tmp_path / "kannel", port_finder) as site:
        yield site


@pytest_asyncio.fixture
async def box(
    kannel_tree: PackageTree, tmp_path: Path, port_finder: PortFinder
) -> AsyncIterator[KannelBoxSite]:
    async with KannelBoxSite(kannel_tree, tmp_path / "kannel", port_finder) as site:
        yield site
