"""pyst2's AGI with its faults closed: the process's own pipes to Asterisk."""

# pyst2 0.5.1 quotes without escaping, quotes DATABASE GET twice, takes EOF and HANGUP for a
# ValueError, loops for ever on a 520 at EOF, does not know 511, takes a value that reads
# "hangup" for a hangup, sets a signal handler and echoes every line to stderr. All reading and
# writing is therefore ours; what remains of it is its verbs, for an administrator's own script.

from __future__ import annotations

import os
import threading
from collections.abc import Mapping
from typing import Any, BinaryIO

from asterisk.agi import AGI, AGIAppError, AGIDBError

from agi import wire
from agi.errors import BadHeader, CallEnded, CommandRefused, ProtocolError
from agi.replies import Reply, ReplyReader

_CHUNK = 16 * 1024


class SafeAgi(AGI):  # type: ignore[misc]  # pyst2 has no types
    """The AGI of one process. Blocks: call it from a thread, where a time limit matters.

    Our own scripts need ask() and tell() alone. execute(), _quote() and database_get() are
    there because pyst2's verbs, which an administrator's script may call, go through them or
    carry a fault of their own.

    stdin and stdout are Asterisk's pipes and need a file descriptor. Raises BadHeader when the
    agi_ lines are missing or too long.
    """

    def __init__(self, stdin: BinaryIO, stdout: BinaryIO) -> None:
        # Not super().__init__(): it sets a signal handler, which fails outside the main thread,
        # and writes to stderr.
        self.stdin = stdin
        self.stdout = stdout
        self.hung_up = False
        self._replies = ReplyReader()
        self._turn = threading.Lock()
        self.env: Mapping[str, str] = self._read_header()

    def ask(self, command: bytes) -> Reply:
        """Send one command line, return its own reply. Raises CallEnded, ProtocolError."""
        with self._turn:
            self._replies.drop_rest()
            self.tell(command)
            while (reply := self._replies.next_reply()) is None:
                self._replies.feed(self._read())
            self.hung_up = self.hung_up or self._replies.hung_up
            return reply

    def tell(self, command: bytes) -> None:
        """Send a command and do not wait. Raises CallEnded."""
        try:
            self.stdout.write(command)
            self.stdout.flush()
        except (OSError, ValueError) as error:  # ValueError: closed file
            raise CallEnded("Asterisk closed the pipe") from error

    def execute(self, command: str, *args: object) -> dict[str, tuple[str, str]]:
        """Run one of pyst2's verbs; its arguments come quoted by _quote().

        Raises CommandRefused, CallEnded, UnsafeArgument, and pyst2's AGIAppError for -1.
        """
        reply = self.ask(wire.command(" ".join([command, *map(str, args)]).strip()))
        if reply.code != 200:
            raise CommandRefused(reply.code, reply.text)
        if reply.result == "-1":
            raise AGIAppError(f"{command} failed, or the caller hung up")
        return {"result": (reply.result, reply.value or "")}

    def database_get(self, family: str, key: str) -> str:
        """A value of Asterisk's database. Raises pyst2's AGIDBError when it is not there."""
        result, value = self.execute("DATABASE GET", self._quote(family), self._quote(key))[
            "result"
        ]
        if result != "1":
            raise AGIDBError(f"no key {key!r} in the family {family!r} of Asterisk's database")
        return value

    def _quote(self, string: Any) -> str:
        return wire.quote(str(string))

    def _read(self) -> bytes:
        # The descriptor itself, not the buffered file: a thread that still waits in the file's
        # lock when the process ends would abort the interpreter.
        try:
            data = os.read(self.stdin.fileno(), _CHUNK)
        except OSError as error:
            raise CallEnded(f"the pipe from Asterisk broke: {error}") from error
        if not data:
            raise CallEnded("Asterisk closed the pipe before it answered")
        return data

    def _read_header(self) -> Mapping[str, str]:
        block = b""
        while (end := block.find(wire.HEADER_END)) < 0:
            if len(block) > wire.MAX_HEADER_BYTES:
                raise BadHeader(f"a header of over {wire.MAX_HEADER_BYTES} bytes")
            try:
                block += self._read()
            except CallEnded as error:
                raise BadHeader(f"closed after {len(block)} bytes of header") from error
        try:
            self._replies.feed(block[end + len(wire.HEADER_END) :])
        except ProtocolError as error:
            raise BadHeader("more than a header before the first command") from error
        return wire.parse_header(block[:end])
