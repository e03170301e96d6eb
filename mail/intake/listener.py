"""The listener: mail servers connect to it and bring e-mails, by LMTP or SMTP."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Sequence
from typing import Self

import structlog

from mail.intake.conversation import Conversation
from mail.intake.handler import Answer, Handler
from mail.intake.house import Limits
from mail.intake.peers import Peers
from mail.intake.room import Room
from pbx.sms import MailIntake

_STRANGER = Answer(554, "5.7.1 No service for you here")
_FULL = Answer(421, "4.3.2 Too many connections, come back later")
_STOPPING = Answer(421, "4.3.2 We stop, come back later")
_FAILED = Answer(451, "4.3.0 A fault of ours, come back later")
_SLOW = Answer(451, "4.3.0 It took too long, come back later")


class MailListener:
    """Takes e-mails in for one domain. Use it as `async with MailListener(...)`.

    It runs in the loop of who starts it (aiosmtpd's Controller has a thread of its own). A stop
    lets messages that are under way end.

    Arguments:
        settings: of the site file.
        handler: who the e-mails are for.
    """

    def __init__(
        self,
        settings: MailIntake,
        handler: Handler,
        *,
        limits: Limits | None = None,
    ) -> None:
        self.lmtp = settings.protocol == "lmtp"
        self.host_name = settings.domain
        self.limits = limits or Limits()
        self.room = Room(self.limits.memory, settings.max_bytes)
        self._address = (settings.host, settings.port)
        self._peers = Peers(settings.peers)
        self._handler = handler
        self._conversations: set[Conversation] = set()
        self._admitted: set[Conversation] = set()
        self._deliveries: set[asyncio.Task[list[Answer]]] = set()
        self._server: asyncio.Server | None = None
        self._stopping = False
        self._log = structlog.get_logger(part="mail-intake")

    @property
    def port(self) -> int:
        """The port in use, also when 0 was asked for."""
        if self._server is None:
            raise RuntimeError("the listener for e-mails is not started")
        return int(self._server.sockets[0].getsockname()[1])

    async def start(self) -> None:
        """Begin to accept. Raises OSError when the address is taken."""
        host, port = self._address
        self._stopping = False
        self._server = await asyncio.get_running_loop().create_server(
            lambda: Conversation(self), host, port
        )
        self._log.info("intake.listening", host=host, port=self.port)

    async def stop(self) -> None:
        """Stop accepting, let messages under way end for stop_seconds, then cut the rest."""
        if self._server is None:
            return
        self._stopping = True
        self._server.close()
        for conversation in tuple(self._conversations):
            conversation.end()
        # A delivery may outlive its conversation.
        if left := [*self._deliveries, *(it.task for it in self._conversations)]:
            await asyncio.wait(left, timeout=self.limits.stop_seconds)
        for conversation in tuple(self._conversations):
            self._log.warning("intake.cut_short", peer=conversation.peer)
            conversation.cut()
        for delivery in self._deliveries:
            delivery.cancel()
        await asyncio.gather(
            *self._deliveries, *(it.task for it in self._conversations), return_exceptions=True
        )
        await self._server.wait_closed()
        self._server = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def joined(self, conversation: Conversation) -> Answer | None:
        """Whether a new peer is sent away (house.House)."""
        self._conversations.add(conversation)
        if self._stopping:
            return _STOPPING
        if not await self._peers.may_connect(conversation.peer):
            self._log.warning("intake.peer_refused", peer=conversation.peer)
            return _STRANGER
        if len(self._admitted) >= self.limits.sessions:
            self._log.warning("intake.full", peer=conversation.peer)
            return _FULL
        self._admitted.add(conversation)
        return None

    def left(self, conversation: Conversation) -> None:
        """Forget a conversation (house.House)."""
        self._conversations.discard(conversation)
        self._admitted.discard(conversation)

    async def recipient(self, address: str) -> Answer:
        """Ask the handler (house.House)."""
        return await self._asked(self._handler.recipient(address), recipient=address)

    async def deliver(self, content: bytes, sender: str, recipients: Sequence[str]) -> list[Answer]:
        """Hand a message over for each recipient (house.House)."""
        delivery = asyncio.get_running_loop().create_task(
            self._deliver(content, sender, tuple(recipients))
        )
        self._deliveries.add(delivery)
        delivery.add_done_callback(self._deliveries.discard)
        # The client may leave meanwhile; what has begun to be written is written to its end.
        return await asyncio.shield(delivery)

    async def _deliver(
        self, content: bytes, sender: str, recipients: tuple[str, ...]
    ) -> list[Answer]:
        answers: dict[str, Answer] = {}
        for recipient in recipients:
            if recipient not in answers:
                answers[recipient] = await self._asked(
                    self._handler.message(content, sender, recipient), recipient=recipient
                )
        return [answers[recipient] for recipient in recipients]

    async def _asked(self, question: Awaitable[Answer], *, recipient: str) -> Answer:
        try:
            async with asyncio.timeout(self.limits.handler_seconds) as limit:
                return await question
        except TimeoutError:
            if not limit.expired():  # one of the handler's own
                self._log.exception("intake.handler_failed", recipient=recipient)
                return _FAILED
            self._log.error("intake.handler_slow", recipient=recipient)
            return _SLOW
        except Exception:  # whatever it is, the mail server keeps the message and brings it again
            self._log.exception("intake.handler_failed", recipient=recipient)
            return _FAILED
