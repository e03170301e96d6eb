"""An SMTP go-between that misbehaves: it stands before a real mail server on loopback.

It counts, by Message-ID, what it passed on and what the server behind took: what the client was
told is another matter.
"""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import Awaitable, Callable
from types import TracebackType

from lab.misbehaviour import Misbehaviour, Stage, Then
from lab.ports import LOOPBACK

Choose = Callable[[Stage], Misbehaviour | None]

_LONGEST = 64 * 1024 * 1024  # bytes of a mail; the readers' limit
_END = b"\r\n.\r\n"
_MESSAGE_ID = re.compile(rb"^message-id:\s*(<[^>\r\n]+>)", re.IGNORECASE | re.MULTILINE)
_STAGES = {
    b"EHLO": Stage.EHLO,
    b"HELO": Stage.EHLO,
    b"MAIL": Stage.MAIL,
    b"RCPT": Stage.RCPT,
    b"DATA": Stage.DATA,
}
_HIDDEN = re.compile(rb"^250[ -](STARTTLS|CHUNKING)\b", re.IGNORECASE)


class UnrulyServer:
    """The go-between, from start to stop.

    Arguments:
        port: where to listen.
        upstream: the port of the server behind; it must relay for us without TLS or AUTH.
        choose: what to do wrong at a stage, or None; see lab/misbehaviour.py.
        on_taken: called with a Message-ID when the server behind took it, before the client
            hears of that.
    """

    def __init__(
        self,
        port: int,
        upstream: int,
        choose: Choose,
        *,
        on_taken: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.port = port
        self.passed_on: Counter[str] = Counter()
        self.taken: Counter[str] = Counter()
        self.misbehaved: Counter[str] = Counter()
        self._upstream = upstream
        self._choose = choose
        self.on_taken = on_taken
        self._server: asyncio.Server | None = None
        self._talks: set[asyncio.Task[None]] = set()

    async def open_door(self) -> None:
        """Listen. Raises OSError when the port is taken."""
        if self._server is None:
            self._server = await asyncio.start_server(
                self._serve, LOOPBACK, self.port, limit=_LONGEST
            )

    async def close_door(self) -> None:
        """Refuse connections from now on; those that stand go on."""
        server, self._server = self._server, None
        if server is not None:
            server.close()

    async def hang_up(self) -> None:
        """Cut all that stand."""
        for talk in tuple(self._talks):
            talk.cancel()
        await asyncio.gather(*self._talks, return_exceptions=True)

    async def __aenter__(self) -> UnrulyServer:
        await self.open_door()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close_door()
        await self.hang_up()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        talk = asyncio.current_task()
        assert talk is not None
        self._talks.add(talk)
        behind: asyncio.StreamWriter | None = None
        try:
            answers, behind = await asyncio.open_connection(
                LOOPBACK, self._upstream, limit=_LONGEST
            )
            await _Talk(self, reader, writer, answers, behind).hold()
        except (OSError, EOFError, asyncio.LimitOverrunError, _Cut):
            pass
        except asyncio.CancelledError:
            pass  # by hang_up(); asyncio's server would call it an error (before 3.12.1)
        finally:
            self._talks.discard(talk)
            writer.transport.abort()
            if behind is not None:
                behind.transport.abort()

    def choose(self, stage: Stage) -> Misbehaviour | None:
        """What is done wrong at this stage of a conversation; counted."""
        fault = self._choose(stage)
        if fault is not None:
            self.misbehaved[fault.name] += 1
        return fault

    def note(self, message_id: str, *, taken: bool) -> None:
        """Count a message that the server behind was given whole."""
        self.passed_on[message_id] += 1
        if taken:
            self.taken[message_id] += 1
            self.on_taken(message_id)


class _Cut(Exception):
    """The connection is to be cut now."""


class _Talk:
    """One client's conversation, passed on line by line (RFC 5321)."""

    def __init__(
        self,
        unruly: UnrulyServer,
        client: asyncio.StreamReader,
        to_client: asyncio.StreamWriter,
        server: asyncio.StreamReader,
        to_server: asyncio.StreamWriter,
    ) -> None:
        self._unruly = unruly
        self._client = client
        self._to_client = to_client
        self._server = server
        self._to_server = to_server

    async def hold(self) -> None:
        """Talk until either side ends it. Raises OSError, EOFError or _Cut for an odd end."""
        await self._step(Stage.GREETING, self._reply)
        while line := await self._client.readline():
            said = await self._command(line)
            if said.startswith(b"354"):
                await self._content()
            elif said.startswith(b"221"):
                return

    async def _command(self, line: bytes) -> bytes:
        stage = _STAGES.get(line[:4].upper())

        async def pass_on() -> bytes:
            self._to_server.write(line)
            return await self._reply()

        if stage is not None:
            return await self._step(stage, pass_on)
        return await self._say(await pass_on())

    async def _content(self) -> None:
        fault = self._unruly.choose(Stage.CONTENT)
        if fault is not None:
            await self._client.readexactly(100)
            raise _Cut
        content = await self._client.readuntil(_END)

        async def pass_on() -> bytes:
            self._to_server.write(content)
            await self._to_server.drain()
            reply = await self._reply()
            self._unruly.note(message_id_of(content), taken=reply.startswith(b"250"))
            return reply

        await self._step(Stage.ANSWER, pass_on)

    async def _step(self, stage: Stage, pass_on: Callable[[], Awaitable[bytes]]) -> bytes:
        """Answer one thing, rightly or wrongly; returns what was said."""
        fault = self._unruly.choose(stage)
        if fault is None:
            return await self._say(await pass_on())
        right = await pass_on() if fault.passes_on else b""
        says = fault.says if fault.size is None else _with_size(right, fault.size)
        await self._say(says)
        if fault.then is Then.STALL:
            await _until_eof(self._client)
        if fault.then is not Then.GO_ON:
            raise _Cut
        return says

    async def _say(self, reply: bytes) -> bytes:
        self._to_client.write(reply)
        await self._to_client.drain()
        return reply

    async def _reply(self) -> bytes:
        """The server's reply, all its lines; without what we cannot go between."""
        lines: list[bytes] = []
        while True:
            line = await self._server.readuntil(b"\n")
            if not _HIDDEN.match(line):
                lines.append(line)
            elif line[3:4] == b" ":
                lines[-1] = lines[-1][:3] + b" " + lines[-1][4:]
            if line[3:4] != b"-":
                return b"".join(lines)


def message_id_of(content: bytes) -> str:
    """A mail's Message-ID with its angle brackets; empty where it has none."""
    found = _MESSAGE_ID.search(content.partition(b"\r\n\r\n")[0])
    return found[1].decode("ascii", "replace") if found else ""


def _with_size(reply: bytes, size: int) -> bytes:
    return re.sub(rb"(?m)^(250[ -]SIZE) \d+", rb"\1 %d" % size, reply)


async def _until_eof(reader: asyncio.StreamReader) -> None:
    while await reader.read(65536):
        pass
