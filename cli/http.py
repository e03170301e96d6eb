"""Health, status and metrics on loopback, for `voxpost status` and for monitoring."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from aiohttp import web

from sms.http_listener import HttpListener

Snapshot = Callable[[], Awaitable[Mapping[str, Any]]]


class HttpServer:
    """Serves /health, /status and /metrics.

    Arguments:
        snapshot: the daemon's state as data; `healthy` in it decides /health.
        metrics: the state in Prometheus' text format.
    """

    def __init__(
        self, host: str, port: int, snapshot: Snapshot, metrics: Callable[[], Awaitable[bytes]]
    ) -> None:
        self._snapshot = snapshot
        self._metrics = metrics
        app = web.Application()
        app.add_routes(
            [
                web.get("/health", self._health),
                web.get("/status", self._status),
                web.get("/metrics", self._metrics_page),
            ]
        )
        self._listener = HttpListener(app, host, port)

    async def start(self) -> None:
        """Begin to listen.

        Raises:
            OSError: the port is taken.
        """
        await self._listener.start()

    async def stop(self) -> None:
        await self._listener.stop()

    async def _health(self, _: web.Request) -> web.Response:
        snapshot = await self._snapshot()
        healthy = bool(snapshot["healthy"])
        return web.json_response({"healthy": healthy}, status=200 if healthy else 503)

    async def _status(self, _: web.Request) -> web.Response:
        return web.json_response(await self._snapshot(), dumps=_dumps)

    async def _metrics_page(self, _: web.Request) -> web.Response:
        return web.Response(body=await self._metrics(), content_type="text/plain", charset="utf-8")


def _dumps(data: Any) -> str:

    return json.dumps(data, default=str)
