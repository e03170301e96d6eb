"""imapclient with the methods replaced that go wrong."""

from __future__ import annotations

import select
import socket
import ssl
from contextlib import suppress
from typing import Any, cast

from imapclient import IMAPClient
from imapclient.response_parser import parse_fetch_response
from imapclient.tls import IMAP4_TLS, wrap_socket


class _Tls(IMAP4_TLS):  # type: ignore[misc]
    """TLS from the first byte. The library's own forgets the time limit until the greeting."""

    def _create_socket(self, timeout: float | None) -> socket.socket:
        plain = socket.create_connection((self.host, self.port), timeout or self._timeout)
        try:
            return cast("socket.socket", wrap_socket(plain, self.ssl_context, self.host))
        except BaseException:
            plain.close()
            raise


class Client(IMAPClient):  # type: ignore[misc]  # imapclient is not typed for strict use
    """One connection, no thread but one; `cut` alone may come from another."""

    def _create_IMAP4(self) -> Any:  # noqa: N802 - the library's name
        if not self.ssl:
            return super()._create_IMAP4()
        return _Tls(self.host, self.port, self.ssl_context, self._timeout.connect)

    def idle(self) -> bool:
        """Begin IDLE (RFC 2177). True: the server had news before it began.

        The library takes an untagged answer before the continuation for an error.
        """
        news = False
        self._idle_tag = self._imap._command("IDLE")
        while self._imap._get_response() is not None:
            if self._imap.tagged_commands.get(self._idle_tag):
                self._consume(self._idle_tag)
                return True
            news = True
        return news

    def readable_within(self, seconds: float) -> bool:
        """Whether the server says something, or hangs up, within the time.

        The library's `idle_check` returns [] for ever once the server hung up, breaks off lines
        that come in two pieces, and does not see what TLS or its own buffer holds already. So
        nothing is read here: whatever came is read by `idle_done`.
        """
        sock = self.socket()
        if self._buffered(sock):
            return True
        poller = select.poll()
        poller.register(sock.fileno(), select.POLLIN)
        return bool(poller.poll(seconds * 1000))

    def flags_by_uid(self, lines: list[Any]) -> dict[int, frozenset[str]]:
        """Flags from FETCH answers that say their UID.

        One without is a push about a message's number. The library takes that for a UID.
        """
        found: dict[int, frozenset[str]] = {}
        for line in lines:
            if isinstance(line, bytes):
                for parsed in parse_fetch_response([line], uid_is_key=False).values():
                    if b"UID" in parsed and b"FLAGS" in parsed:
                        flags = cast("tuple[bytes, ...]", parsed[b"FLAGS"])
                        found[cast("int", parsed[b"UID"])] = frozenset(
                            str(flag, "ascii", "replace") for flag in flags
                        )
        return found

    def fetch_lines(self, uids: str, items: str) -> list[Any]:
        """UID FETCH, the answers as they came. What was pushed before is forgotten."""
        self._imap.untagged_responses.pop("FETCH", None)
        kind, lines = self._imap.uid("FETCH", uids, items)
        self._checkok("fetch", kind, lines)
        return [line for line in lines if line is not None]

    def cut(self) -> None:
        """Shut the connection down; whoever reads from it sees its end at once."""
        with suppress(OSError):  # it had ended already
            socket.socket.shutdown(self._imap.sock, socket.SHUT_RDWR)

    def drop(self) -> None:
        """Shut the connection down and close the socket."""
        self.cut()
        for part in (self._imap.file, self._imap.sock):
            with suppress(OSError):
                part.close()

    def _consume(self, tag: bytes) -> None:
        kind, data = self._imap.tagged_commands.pop(tag)
        self._checkok("idle", kind, data)

    def _buffered(self, sock: Any) -> bool:
        sock.setblocking(False)
        try:
            return bool(self._imap.file.peek(1))
        except (ssl.SSLWantReadError, BlockingIOError):
            return False
        finally:
            self._set_read_timeout()
