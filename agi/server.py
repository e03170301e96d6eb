"""The FastAGI server: who may ask, how many at once, and how it stops."""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Self

import structlog

from agi.call import Call
from agi.patience import Patience
from agi.registry import Script
from agi.runner import run_script, tell
from agi.services import Services
from agi.session import Connection
from agi.statistics import Statistics
from agi.variables import Result

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
LOOPBACK: Final[tuple[Network, ...]] = (
    ipaddress.IPv4Network("127.0.0.0/8"),
    ipaddress.IPv6Network("::1/128"),
)


@dataclass(frozen=True, slots=True)
class Limits:
    """What a peer may take of us: seconds, and connections at once."""

    header_seconds: float = 5.0
    connections: int = 10_000
    backlog: int = 4096  # connections that the kernel holds before we accept them
    stop_seconds: float = 10.0


class FastAgiServer:
    """Answers AGI(agi://host/NAME) by the script of that name.

    FastAGI has no authentication: peers are the networks that may ask, this machine alone
    unless others are named; on another host than loopback the server listens, but refuses
    everybody until they are. Use it as `async with FastAgiServer(...) as server:`, or by
    start() and stop().
    """

    def __init__(
        self,
        scripts: Mapping[str, Script],
        services: Services,
        *,
        host: str = "127.0.0.1",
        port: int = 4573,
        peers: Sequence[Network] = LOOPBACK,
        limits: Limits | None = None,
    ) -> None:
        self._scripts = scripts
        self._services = services
        self._address = (host, port)
        self._peers = tuple(peers)
        self._known: set[str] = set()  # addresses that were found among the peers
        self._limits = limits or Limits()
        self._patience = Patience(self._limits.header_seconds)
        self._connections: set[Connection] = set()
        self._calls: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None
        self._full = False
        self.statistics = Statistics()

    @property
    def port(self) -> int:
        """The port in use, also when 0 was asked for."""
        if self._server is None:
            raise RuntimeError("the FastAGI server is not started")
        return int(self._server.sockets[0].getsockname()[1])

    async def start(self) -> None:
        """Begin to accept. Raises OSError when the address is taken."""
        host, port = self._address
        self._server = await asyncio.get_running_loop().create_server(
            lambda: Connection(self, self._patience), host, port, backlog=self._limits.backlog
        )
        structlog.get_logger().info("agi.listening", host=host, port=self.port)

    async def stop(self) -> None:
        """Stop accepting, let running scripts end for stop_seconds, then cancel the rest."""
        if self._server is None:
            return
        self._server.close()
        if self._calls:
            await asyncio.wait(self._calls, timeout=self._limits.stop_seconds)
        if left := list(self._calls):
            structlog.get_logger().warning("agi.scripts_cut_short", count=len(left))
            for task in left:
                task.cancel()
            await asyncio.gather(*left, return_exceptions=True)
        for connection in list(self._connections):
            connection.close()
        self._patience.end()
        await self._server.wait_closed()
        self._server = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    def joined(self, connection: Connection) -> bool:
        """Whether a new peer may stay (session.Owner)."""
        if not self._may_ask(connection.peer):
            self.statistics.refused_peers += 1
            structlog.get_logger().warning("agi.peer_refused", peer=connection.peer)
            return False
        if len(self._connections) >= self._limits.connections:
            self.statistics.refused_full += 1
            if not self._full:  # once, not ten thousand times
                structlog.get_logger().error("agi.full", connections=self._limits.connections)
            self._full = True
            return False
        self._full = False
        self._connections.add(connection)
        self.statistics.open += 1
        return True

    def asked(self, connection: Connection, call: Call) -> None:
        """Begin to answer a call (session.Owner)."""
        self.statistics.sessions += 1
        task = asyncio.get_running_loop().create_task(self._answer(connection, call))
        self._calls.add(task)

    def failed(self, connection: Connection, reason: str) -> None:
        """Note what was no AGI (session.Owner)."""
        self.statistics.bad_headers += 1
        structlog.get_logger().info("agi.bad_header", peer=connection.peer, reason=reason)

    def left(self, connection: Connection) -> None:
        """Forget a connection (session.Owner); its script may run on to its end."""
        self._connections.discard(connection)
        self.statistics.open -= 1

    def _may_ask(self, peer: str) -> bool:
        if peer in self._known:
            return True
        if not peer:  # it left before we looked
            return False
        address = ipaddress.ip_address(peer)
        if not any(address in network for network in self._peers):
            return False
        if len(self._known) < 1000:
            self._known.add(peer)
        return True

    async def _answer(self, connection: Connection, call: Call) -> None:
        try:
            script = self._scripts.get(call.script)
            if script is None:
                self.statistics.unknown_scripts += 1
                structlog.get_logger().error(
                    "agi.unknown_script", script=call.script, known=sorted(self._scripts)
                )
                await tell(call, Result.UNKNOWN_SCRIPT)
                return
            await run_script(script, call, self._services, self.statistics.of(script.name))
        except Exception:  # nobody awaits this task while the server runs
            structlog.get_logger().exception("agi.session_failed")
        finally:
            connection.close()
            if (task := asyncio.current_task()) is not None:
                self._calls.discard(task)
