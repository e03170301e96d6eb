"""The addresses that gateways' servers call: reports, and texts that came in."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Iterable, Mapping

from aiohttp import web

from ledger.errors import LedgerError
from sms.gateway import Callback
from sms.gateways.http import fields_of
from sms.http_listener import HttpListener

_STOP_WITHIN = 5.0  # seconds for requests that are under way
_LARGEST = 256 * 1024  # bytes of a request


def callback_url(host: str, port: int, secret: str, name: str, path: str) -> str:
    """The full address of a gateway's callback."""
    shown = f"[{host}]" if ":" in host else host
    return f"http://{shown}:{port}/gateways/{name}/{secret}/{path}"


class CallbackServer:
    """Serves /gateways/NAME/SECRET/PATH, and what else is given to it.

    Arguments:
        secret: stands in every address, so that nobody else can call it.
        callbacks: a gateway's callbacks by path, as it is now.
    """

    def __init__(
        self,
        host: str,
        port: int,
        *,
        secret: str,
        callbacks: Callable[[str], Mapping[str, Callback]],
    ) -> None:
        self._host = host
        self._port = port
        self._secret = secret
        self._callbacks = callbacks
        self._app = web.Application(client_max_size=_LARGEST)
        self._app.router.add_route("*", "/gateways/{name}/{secret}/{path}", self._call)
        self._listener = HttpListener(self._app, host, port, shutdown=_STOP_WITHIN)

    def url(self, name: str, path: str) -> str:
        """The full address of a callback."""
        return callback_url(self._host, self._port, self._secret, name, path)

    def serve(self, routes: Iterable[web.AbstractRouteDef]) -> None:
        """Serve what another part has to serve, on the same port. Before `start`."""
        self._app.add_routes(routes)

    async def start(self) -> None:
        """Begin to listen.

        Raises:
            OSError: the port is taken.
        """
        await self._listener.start()

    async def stop(self) -> None:
        await self._listener.stop()

    async def _call(self, request: web.Request) -> web.Response:
        match = request.match_info
        callback = self._callbacks(match["name"]).get(match["path"])
        given, wanted = match["secret"].encode(), self._secret.encode()
        if callback is None or not hmac.compare_digest(given, wanted):
            raise web.HTTPNotFound
        if request.method not in {"GET", "POST"}:
            raise web.HTTPMethodNotAllowed(request.method, ["GET", "POST"])
        is_form = request.content_type == "application/x-www-form-urlencoded"
        form = await request.read() if is_form else b""
        fields = fields_of(request.rel_url.raw_query_string, form)
        try:
            status, text = await callback.handle(fields)
        except LedgerError:
            status, text = 503, "not taken: try again later"
        return web.Response(status=status, text=text)
