"""Greylisting for Postfix: who comes for the first time is asked to come back later.

The protocol is Postfix's SMTPD_POLICY_README: lines of name=value, an empty line, and an
answer of the same form.
"""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterable, Mapping

from lab.ports import LOOPBACK

LATER = "450 4.2.0 Greylisted, please come back later"


class Greylist:
    """Remembers who came: sender and recipient together. refusals: how often to say no."""

    def __init__(self, refusals: int = 1) -> None:
        self._refusals = refusals
        self._seen: dict[tuple[str, str], int] = {}

    def decide(self, request: Mapping[str, str]) -> str:
        """Postfix's action for a request: dunno lets it pass."""
        pair = (request.get("sender", ""), request.get("recipient", ""))
        times = self._seen.get(pair, 0)
        self._seen[pair] = times + 1
        return LATER if times < self._refusals else "dunno"


class PolicyServer:
    """Answers Postfix in a thread of its own, so that no event loop has to run for it."""

    def __init__(self, port: int, greylist: Greylist) -> None:
        self._address = (LOOPBACK, port)
        self._greylist = greylist
        self._server: socketserver.ThreadingTCPServer | None = None
        self._thread: threading.Thread | None = None

    def __enter__(self) -> PolicyServer:
        greylist = self._greylist

        class Conversation(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                while request := read_request(iter(self.rfile.readline, b"")):
                    self.wfile.write(f"action={greylist.decide(request)}\n\n".encode())

        class Server(socketserver.ThreadingTCPServer):
            daemon_threads = True
            allow_reuse_address = True
            block_on_close = False

        self._server = Server(self._address, Conversation)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._server and self._thread:
            self._server.shutdown()
            self._server.server_close()
            self._thread.join()


def read_request(lines: Iterable[bytes]) -> dict[str, str]:
    """Read one request; empty at the end of the conversation."""
    request: dict[str, str] = {}
    for line in lines:
        text = line.decode(errors="replace").rstrip("\r\n")
        if not text:
            break
        name, _, value = text.partition("=")
        request[name] = value
    return request
