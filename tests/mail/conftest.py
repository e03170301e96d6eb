"""A mail server that does exactly what a test tells it, over a real socket."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import trustme

from ledger.store import open_ledger, sqlite_url
from mail.message import Message
from mail.smtp import SmtpSession
from pbx.mail import SmtpServer
from tests.mail.house import House

# What a server may do instead of answering.
DROP = "drop"
STALL = "stall"

Reaction = str | bytes | tuple[str | bytes, str]

USUAL: dict[str, Reaction] = {
    "greeting": "220 lab ESMTP",
    "EHLO": "250-lab\r\n250-SIZE 10240000\r\n250-AUTH PLAIN LOGIN CRAM-MD5\r\n250 8BITMIME",
    "HELO": "250 lab",
    "AUTH": "235 2.7.0 welcome",
    "MAIL": "250 2.1.0 Ok",
    "RCPT": "250 2.1.5 Ok",
    "DATA": "354 go on",
    "CONTENT": "250 2.0.0 Ok: queued as 4711",
    "RSET": "250 2.0.0 Ok",
    "QUIT": "221 2.0.0 Bye",
    "STARTTLS": "220 2.0.0 Ready",
}


@dataclass
class ScriptedServer:
    """Reactions by stage; a list is used up one by one, then the usual one follows.

    `STALL` says nothing more, `DROP` hangs up, (answer, `DROP`) answers first.
    """

    reactions: dict[str, Any] = field(default_factory=dict)
    tls: ssl.SSLContext | None = None
    implicit_tls: bool = False
    port: int = 0
    commands: list[str] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    connections: int = 0
    reached: dict[str, asyncio.Event] = field(default_factory=dict)
    read_content: bool = True
    pause_per_megabyte: float = 0.0
    deaf_behind_content: bool = False  # what came in one packet with the final dot is lost
    _writers: list[asyncio.StreamWriter] = field(default_factory=list)
    _tasks: set[asyncio.Task[Any]] = field(default_factory=set)
    _server: asyncio.Server | None = None

    async def start(self) -> None:
        context = self.tls if self.implicit_tls else None
        listener = socket.create_server(("127.0.0.1", self.port))
        # Small, so that a slow reader is felt at the other end; connections inherit it.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 64 * 1024)
        self._server = await asyncio.start_server(
            self._serve, sock=listener, ssl=context, limit=64 * 1024
        )
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def hang_up_all(self) -> None:
        """Close the idle connections, and wait until the client can have seen it."""
        tasks = list(self._tasks)
        for writer in self._writers:
            writer.close()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.sleep(0.05)  # the other end's loop turn; nothing to await there

    async def until(self, stage: str) -> None:
        await asyncio.wait_for(self.reached.setdefault(stage, asyncio.Event()).wait(), 5)

    def verbs(self) -> list[str]:
        return [command.split(" ")[0].upper() for command in self.commands]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self._writers.append(writer)
        self.connections += 1
        try:
            await self._talk(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError, ssl.SSLError):
            pass
        finally:
            self._tasks.discard(task)
            writer.transport.abort()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await self._react("greeting", writer)
        while line := await reader.readline():
            command = line.decode("utf-8", "replace").rstrip("\r\n")
            self.commands.append(command)
            stage = command.split(" ")[0].upper()
            said = await self._react(stage, writer)
            if stage == "STARTTLS" and said.startswith(b"220"):
                assert self.tls is not None
                await writer.start_tls(self.tls)
            elif stage == "DATA" and said.startswith(b"354"):
                await self._read_body(reader, writer)
            elif stage == "QUIT":
                return

    async def _read_body(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not self.read_content:
            writer.transport.pause_reading()
            await asyncio.Event().wait()
        body = bytearray()
        while (line := await reader.readline()) != b".\r\n":
            if not line:
                raise ConnectionResetError
            body += line
            if self.pause_per_megabyte and len(body) % 1_000_000 < len(line):
                await asyncio.sleep(self.pause_per_megabyte)
        self.bodies.append(bytes(body))
        if self.deaf_behind_content:
            reader._buffer.clear()  # type: ignore[attr-defined]
        await self._react("CONTENT", writer)

    async def _react(self, stage: str, writer: asyncio.StreamWriter) -> bytes:
        self.reached.setdefault(stage, asyncio.Event()).set()
        reaction = self.reactions.get(stage, USUAL.get(stage, "500 what?"))
        if isinstance(reaction, list):
            reaction = reaction.pop(0) if reaction else USUAL[stage]
        answer, then = reaction if isinstance(reaction, tuple) else (reaction, "")
        if answer == STALL:
            await asyncio.Event().wait()
        if answer == DROP:
            raise ConnectionResetError
        said = answer.encode() + b"\r\n" if isinstance(answer, str) else bytes(answer)
        writer.write(said)
        await writer.drain()
        if then == DROP:
            raise ConnectionResetError
        return said


@pytest.fixture
async def start_server() -> AsyncIterator[Callable[..., Awaitable[ScriptedServer]]]:
    """Start a scripted server: `await start_server(RCPT="550 no")`."""
    started: list[ScriptedServer] = []

    async def start(options: dict[str, Any] | None = None, **reactions: Any) -> ScriptedServer:
        server = ScriptedServer(reactions=reactions, **(options or {}))
        await server.start()
        started.append(server)
        return server

    yield start
    for server in started:
        await server.stop()


@pytest.fixture
def plain_server() -> Callable[..., SmtpServer]:
    """Make a site file's server of a scripted one."""

    def make(server: ScriptedServer, **options: Any) -> SmtpServer:
        given = {"host": "127.0.0.1", "security": "plain", "timeout": 2} | options
        given.setdefault("taking_timeout", given["timeout"])
        return SmtpServer.model_validate({"port": server.port} | given)

    return make


@pytest.fixture
def session_for(plain_server: Callable[..., SmtpServer]) -> Callable[..., SmtpSession]:
    """Make a session of ours with a scripted server."""

    def make(server: ScriptedServer, **options: Any) -> SmtpSession:
        return SmtpSession(plain_server(server, **options), client_name="pbx.klinik.example")

    return make


@dataclass(frozen=True)
class Certificates:
    server: ssl.SSLContext
    ca_file: Path


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    """A certificate for localhost, of an issuer that only `ca_file` knows."""
    authority = trustme.CA()
    file = tmp_path_factory.mktemp("tls") / "ca.pem"
    authority.cert_pem.write_to_path(str(file))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    return Certificates(context, file)


@pytest.fixture
def message() -> Message:
    return Message(
        sender="voicemail@klinik.example",
        recipient="sari@klinik.example",
        message_id="<1@klinik.example>",
        head=b"Subject: Pesan suara\r\nMessage-ID: <1@klinik.example>\r\n\r\nhalo\r\n",
    )


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    ledger = await open_ledger(sqlite_url(tmp_path / "ledger.sqlite"))
    yield House(tmp_path, ledger)
    await ledger.close()
