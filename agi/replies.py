"""AGI as bytes: Asterisk's replies in, without any I/O.

Follows agi_handle_command() of res/res_agi.c, seen on Asterisk 16 and 22.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from agi.errors import ProtocolError

# Twice what Asterisk's own buffers hold; it also bounds the search for a closing bracket.
MAX_REPLY_BYTES: Final = 16 * 1024
_SHORT: Final = len("result=-1")
_HANGUP: Final = b"HANGUP"
_USAGE_END: Final = b"520 "

# "200 result=1 (value) endpos=80": the value may hold brackets and line breaks itself. Three
# patterns that each pass over a line once: one for all of it took 20 s over 10 KB of brackets.
_BARE: Final = re.compile(rb"result=(\S*)(?: \w+=\S*)* *")
_OPENED: Final = re.compile(rb"result=(\S*) \(")
_AFTER_VALUE: Final = re.compile(rb"(?: \w+=[^\s)]*)* *")


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer to one command.

    code is 200, 510 (unknown command), 511 (not on a hung-up channel) or 520 (wrong usage);
    result and value stand in a 200 only, text is all that follows the code.
    """

    code: int
    text: str
    result: str = ""
    value: str | None = None


class ReplyReader:
    """Turns what arrives into replies; `hung_up` tells whether HANGUP has been among it."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self.hung_up = False

    def feed(self, data: bytes) -> None:
        """Take in bytes as they come. Raises ProtocolError for a reply that never ends."""
        self._buffer += data
        if len(self._buffer) > MAX_REPLY_BYTES:
            raise ProtocolError(f"an AGI reply of over {MAX_REPLY_BYTES} bytes")

    def next_reply(self) -> Reply | None:
        """The next whole reply, or None when more bytes are needed.

        A HANGUP line is noted, never taken for a reply. Raises ProtocolError for anything that
        is no AGI.
        """
        buffer = self._buffer
        while (end := buffer.find(b"\n")) >= 0:
            if buffer.startswith(_HANGUP) and end == len(_HANGUP):
                self.hung_up = True
                del buffer[: end + 1]
                continue
            if buffer.startswith(b"100 "):  # "100 result=0 Trying...": the reply follows
                del buffer[: end + 1]
                continue
            if buffer.startswith(b"200 "):
                return self._result(end)
            if buffer.startswith(b"520-"):
                return self._usage(end)
            return self._refusal(end)
        return None

    def drop_rest(self) -> int:
        """Forget what nobody asked for, before the next command; returns how many bytes.

        A variable's value with a line break in it can look like further replies.
        """
        if not self._buffer:
            return 0
        *lines, last = bytes(self._buffer).split(b"\n")
        self._buffer.clear()
        if _HANGUP.startswith(last):  # the rest of it is still on its way
            self._buffer += last
        else:
            lines.append(last)
        if _HANGUP in lines:
            self.hung_up = True
        return sum(len(line) + 1 for line in lines if line != _HANGUP)

    def _result(self, end: int) -> Reply | None:
        first = bytes(self._buffer[4:end])
        # What is longer may be what a caller typed: nobody else's business.
        read = _one_of_a_few if len(first) <= _SHORT else _bare_reply
        if (reply := read(first)) is not None:
            del self._buffer[: end + 1]
            return reply
        if (match := _OPENED.match(first)) is None:
            raise ProtocolError(f"no AGI result: {first[:80].decode('utf-8', 'replace')!r}")
        begin = start = 4 + match.end()
        while end >= 0:
            closed = self._buffer.rfind(b")", start, end)
            if closed >= 0 and _AFTER_VALUE.fullmatch(self._buffer, closed + 1, end):
                value = _text(self._buffer[begin:closed])
                reply = Reply(200, _text(self._buffer[4:end]), _text(match[1]), value)
                del self._buffer[: end + 1]
                return reply
            # The value holds a line break: its bracket closes on a later line.
            start = end + 1
            end = self._buffer.find(b"\n", start)
        return None

    def _usage(self, end: int) -> Reply | None:
        # Usage texts quote example replies, so only a line that begins with "520 " ends one.
        start = end + 1
        while (end := self._buffer.find(b"\n", start)) >= 0:
            if self._buffer.startswith(_USAGE_END, start):
                text = _text(self._buffer[4:end])
                del self._buffer[: end + 1]
                return Reply(520, text)
            start = end + 1
        return None

    def _refusal(self, end: int) -> Reply:
        line = _text(self._buffer[:end])
        code = line[:3]
        if not (code.isascii() and code.isdigit() and line[3:4] in ("", " ")):
            raise ProtocolError(f"no AGI reply: {line[:80]!r}")
        del self._buffer[: end + 1]
        return Reply(int(code), line[4:])


def _bare_reply(line: bytes) -> Reply | None:
    """A result without a value."""
    match = _BARE.fullmatch(line)
    return None if match is None else Reply(200, _text(line), _text(match[1]))


_one_of_a_few = lru_cache(256)(_bare_reply)
"""The same; "result=1" comes again and again, and is read once."""


def _text(line: bytes | bytearray) -> str:
    return line.decode("utf-8", "replace")
