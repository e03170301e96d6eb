"""A scripted AMI server, and a connection to it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from ami.connection import AmiConnection
from ami.settings import AmiSettings
from tests.ami.fake_ami import FakeAmi, running


@pytest.fixture
async def server() -> AsyncIterator[FakeAmi]:
    fake = FakeAmi()
    await fake.start()
    yield fake
    await fake.stop()


@pytest.fixture
def settings(server: FakeAmi) -> AmiSettings:
    return AmiSettings(
        "127.0.0.1",
        server.port,
        "voxpost",
        "hush-hush",
        ping_interval=30.0,
        action_timeout=2.0,
        connect_timeout=2.0,
        reconnect_first=0.01,
        reconnect_longest=0.05,
        boot_grace=0.1,
    )


@pytest.fixture
async def connection(settings: AmiSettings) -> AsyncIterator[AmiConnection]:
    """A connection that is logged in."""
    async with running(AmiConnection(settings)) as connected:
        await connected.wait_connected()
        yield connected
