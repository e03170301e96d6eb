"""An HTTP server that bounds what its clients take of this process."""

from __future__ import annotations

import asyncio

from aiohttp import web

_MOST = 200  # connections at once
_IDLE = 20.0  # seconds, until a client has said what it wants, and between two requests


class HttpListener:
    """Serves an application at one address.

    aiohttp takes connections without limit, and lets one that says nothing stand for an hour: a
    thousand of them would leave no descriptor for mail, telephone and ledger.

    Arguments:
        shutdown: seconds for requests that are under way at the end.
        most: connections at once; more are turned away.
        idle: seconds that a client may say nothing.
    """

    def __init__(
        self,
        app: web.Application,
        host: str,
        port: int,
        *,
        shutdown: float = 60.0,
        most: int = _MOST,
        idle: float = _IDLE,
    ) -> None:
        self._address = (host, port)
        self._most = most
        self._runner = web.AppRunner(
            app,
            access_log=None,
            handle_signals=False,
            shutdown_timeout=shutdown,
            keepalive_timeout=idle,
        )
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        """Begin to listen.

        Raises:
            OSError: the port is taken.
        """
        await self._runner.setup()
        host, port = self._address
        self._server = await asyncio.get_running_loop().create_server(self._accept, host, port)

    async def stop(self) -> None:
        """Accept no more, and let requests that are under way end."""
        if self._server is not None:
            self._server.close()
        await self._runner.cleanup()

    def _accept(self) -> asyncio.BaseProtocol:
        server = self._runner.server
        assert server is not None, "it was set up"
        return server() if len(server.connections) < self._most else _TurnedAway()


class _TurnedAway(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        transport.abort()
