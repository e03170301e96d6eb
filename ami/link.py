"""One TCP link to Asterisk, from its banner to its end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import structlog
from panoramisk.ami_protocol import AMIProtocol

from ami.errors import ConnectionLost, NotAsterisk, NotConnected
from ami.framer import Framer
from ami.pending import PendingAction
from ami.reply import Reply
from ami.wire import Event, Packet


class Link(AMIProtocol):  # type: ignore[misc]  # panoramisk has no types
    """panoramisk's protocol: it keeps the register of waiting actions and writes them.

    Reading, matching and ending are ours, because the base decodes each chunk on its own,
    lets a callback's exception end the link, and re-sends what was waiting.

    where: host and port for messages. on_event: called for each event, must not block.
    """

    encoding = "utf-8"

    def __init__(self, where: str, framer: Framer, on_event: Callable[[Event], None]) -> None:
        self.framer = framer
        self.bytes_received = 0
        self.greeted = asyncio.Event()  # also set at the end, so that nobody waits on
        self.booted = asyncio.Event()  # likewise; FullyBooted came
        self.lost = asyncio.Event()
        self.trouble = ConnectionLost(f"the link to Asterisk at {where} ended")
        self.closed = False
        self.responses: dict[str, PendingAction] = {}
        self._where = where
        self._on_event = on_event
        self._log = structlog.get_logger().bind(ami=where)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The socket is open. The base would also make a register of its own."""
        self.transport = transport
        if self.closed and isinstance(transport, asyncio.Transport):
            transport.abort()

    def data_received(self, data: bytes) -> None:
        """Cut the bytes into packets and hand each on; whatever happens, read on."""
        self.bytes_received += len(data)
        try:
            packets = self.framer.feed(data, replies_pending=bool(self.responses))
        except NotAsterisk as trouble:
            self.end(str(trouble))
            return
        if self.framer.ami_version is not None:
            self.greeted.set()
        for packet in packets:
            try:
                self.handle_message(packet)
            except Exception:
                self._log.exception("ami.packet_failed")

    def handle_message(self, packet: Packet) -> None:
        """Give a packet to the action that waits for it, or an event to the listeners.

        The base takes every event with an ActionID for part of an answer.
        """
        pending = self.responses.get(packet.action_id) if self.responses else None
        if pending is not None and pending.owns(packet):
            if pending.add_message(packet):
                self.responses.pop(packet.action_id, None)
        elif isinstance(packet, Event):
            if packet.name == "FullyBooted":
                self.booted.set()
            self._on_event(packet)
        elif not packet.action_id:
            # Asterisk could not even read the action: nobody can be told but the log.
            self._log.warning("ami.unmatched_response", message=packet.get("Message"))

    async def greeting(self) -> str:
        """Wait for Asterisk's banner; return the AMI version. Raises ConnectionLost."""
        await self.greeted.wait()
        if self.closed:
            raise ConnectionLost(str(self.trouble))
        return self.framer.ami_version or ""

    async def ask(self, action: PendingAction) -> Reply:
        """Send an action, once, and wait for its answer.

        Raises NotConnected when the link has ended already, ConnectionLost when it ends now.
        If cancelled, nothing stays behind.
        """
        if self.closed:
            raise NotConnected(f"action {action.name!r} was not sent: {self.trouble}")
        try:
            reply: Reply = await self.send(action)
        finally:
            self.responses.pop(action.action_id, None)
        return reply

    def end(self, why: str) -> None:
        """End the link and fail every waiting action at once. May be called again."""
        if self.closed:
            return
        self.closed = True
        self.trouble = ConnectionLost(f"the link to Asterisk at {self._where} ended: {why}")
        for pending in self.responses.values():
            if not pending.future.done():
                pending.future.set_exception(
                    ConnectionLost(f"action {pending.name!r} may or may not be done: {why}")
                )
        self.responses.clear()
        # Not close(): on a dead link that would wait for a buffer that nobody reads.
        if (transport := getattr(self, "transport", None)) is not None:
            transport.abort()
        for event in (self.greeted, self.booted, self.lost):
            event.set()

    def connection_lost(self, exc: Exception | None) -> None:
        """The socket closed. The base keeps waiting actions, to send them again."""
        self.end(str(exc) if exc else "Asterisk closed it")

    def close(self) -> None:
        """End the link on our side."""
        self.end("voxpost closed it")
