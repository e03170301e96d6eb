"""One short conversation with Asterisk's manager, for a command."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

from ami.connection import AmiConnection
from ami.settings import AmiSettings


@asynccontextmanager
async def manager_session(settings: AmiSettings) -> AsyncIterator[AmiConnection]:
    """Log in, once; the link is closed at the end.

    Raises:
        LoginRefused: Asterisk does not know the account or the secret.
        NotConnected: it cannot be reached, with the reason.
    """
    connection = AmiConnection(replace(settings, reconnect=False))
    running = asyncio.create_task(connection.run())
    try:
        await connection.wait_connected()
        yield connection
    finally:
        connection.close()
        await asyncio.gather(running, return_exceptions=True)
