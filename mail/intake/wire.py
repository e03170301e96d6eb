"""What a mail server sends us: command lines and messages, each with its end and its limits.

Source: RFC 5321, 2.3.8 and 4.1.1.4: CRLF ends a line, CRLF.CRLF a message, and nothing else does.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from mail.intake.errors import HangUp

_CHUNK = 64 * 1024  # bytes
_LONGEST_LINE = 2048  # bytes of a command
_END = b"\r\n.\r\n"


class CrlfReader:
    """Reads a conversation; in the place of the StreamReader that aiosmtpd made.

    That one ends a command at a bare LF, waits without limit, and gives a message line by line:
    25,000 turns of the loop for 2 MB, during which nothing else runs.

    Arguments:
        seconds: to wait for the next bytes.
        closing: whether we hung up, after which aiosmtpd goes on with what it has read.
    """

    def __init__(
        self, stream: asyncio.StreamReader, seconds: float, closing: Callable[[], bool]
    ) -> None:
        self._stream = stream
        self._seconds = seconds
        self._closing = closing
        self._held = bytearray()
        self._ended = False

    def end(self) -> None:
        """Read no more: what the client has sent already is not answered."""
        self._held.clear()
        self._ended = True

    async def readuntil(self, separator: bytes = b"\n") -> bytes:
        """A command's line.

        Raises:
            HangUp: a bare LF, a line too long, or nothing in time.
            ConnectionResetError: the client has gone, or we hung up.
        """
        if self._closing():
            self.end()
        at = self._held.find(separator)
        while at < 0:
            if len(self._held) > _LONGEST_LINE:
                raise HangUp("500 5.5.2 Line too long")
            await self._more()
            at = self._held.find(separator)
        line = bytes(self._held[: at + 1])
        del self._held[: at + 1]
        if not line.endswith(b"\r\n"):
            # Where two programs disagree on where a command ends, one can be smuggled.
            raise HangUp("550 5.5.2 Lines end in <CR><LF>")
        return line

    async def content(self, keep: Callable[[int], bool]) -> bytes | None:
        """A message up to its end, its dots unstuffed; None if it was not kept.

        keep: called with the number of bytes that came; once it says no, all is thrown away up
        to the message's end.

        Raises:
            HangUp: nothing came in time.
            ConnectionResetError: the client has gone.
        """
        message = bytearray(b"\r\n")  # the DATA line's, so that an empty message ends too
        kept = True
        while True:
            if not self._held:
                await self._more()
            searched = max(len(message) - len(_END) + 1, 0)
            message += self._held
            came = len(self._held)
            self._held.clear()
            at = message.find(_END, searched)
            if at >= 0:
                self._held += memoryview(message)[at + len(_END) :]
                came -= len(self._held)
                del message[at + 2 :]
            kept = kept and keep(came)
            if at >= 0:
                # A line of one dot and more has a dot too many (RFC 5321, 4.5.2).
                return bytes(message.replace(b"\r\n.", b"\r\n")[2:]) if kept else None
            if not kept:
                del message[: 1 - len(_END)]

    async def _more(self) -> None:
        if self._ended:
            raise ConnectionResetError("we have hung up")
        try:
            async with asyncio.timeout(self._seconds):
                chunk = await self._stream.read(_CHUNK)
        except TimeoutError:
            raise HangUp("421 4.4.2 Nothing came for too long") from None
        if not chunk:
            self.end()
            raise ConnectionResetError("the client has gone")
        self._held += chunk
