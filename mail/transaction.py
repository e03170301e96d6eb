"""One message's commands over an open connection, in order (RFC 5321, 3.3)."""

from __future__ import annotations

from mail.message import Message
from mail.outcome import Refused, Stage, TooLarge, TryLater, not_given, read_refusal, words_of
from mail.wire import NotSmtp, Reply, SmtpWire
from pbx.model import SmtpServer

FAULTS = (OSError, NotSmtp)
"""All that the wire raises for what a server or a network does."""

_EXPECTED = {Stage.MAIL: (250,), Stage.RCPT: (250, 251), Stage.DATA: (354,)}

Trouble = TryLater | Refused | TooLarge


class Transaction:
    """The two halves of one message: who it is for, and what it says.

    in_step: False once the connection cannot be trusted with another command.
    """

    def __init__(self, wire: SmtpWire, server: SmtpServer, limit: int | None) -> None:
        self._wire = wire
        self._server = server
        self._limit = limit
        self.in_step = True

    async def envelope(self, message: Message) -> Trouble | None:
        """MAIL, RCPT and DATA, in one go where the server allows it (RFC 2920)."""
        sized = f" SIZE={message.size}" if "size" in self._wire.extensions else ""
        commands = {
            Stage.MAIL: f"MAIL FROM:<{message.sender}>{sized}\r\n".encode("ascii"),
            Stage.RCPT: f"RCPT TO:<{message.recipient}>\r\n".encode("ascii"),
            Stage.DATA: b"DATA\r\n",
        }
        if "pipelining" in self._wire.extensions:
            return await self._say(commands)
        for stage, command in commands.items():
            if (trouble := await self._say({stage: command})) is not None:
                return trouble
        return None

    async def content(self, message: Message) -> str | Trouble:
        """Hand over the content with its final dot; return the server's words on taking it."""
        try:
            for block in message.wire():
                await self._wire.write(block)
            [reply] = await self._wire.replies(1)
        except FAULTS as error:
            return self._explain(Stage.CONTENT, error)
        if reply.code == 250:
            return words_of(reply.text)
        return self._read(Stage.CONTENT, reply)

    async def reset(self) -> None:
        """Forget a transaction that went no further, so that the next finds a clean table."""
        try:
            await self._wire.write(b"RSET\r\n")
            [reply] = await self._wire.replies(1)
        except FAULTS:
            self.in_step = False
        else:
            self.in_step = reply.code == 250

    async def _say(self, commands: dict[Stage, bytes]) -> Trouble | None:
        """A group of commands; what went wrong first is what counts."""
        stages = list(commands)
        try:
            await self._wire.write(b"".join(commands.values()))
            replies = await self._wire.replies(len(stages))
        except FAULTS as error:
            return self._explain(stages[0], error)
        trouble: Trouble | None = None
        for stage, reply in zip(stages, replies, strict=False):
            if reply.code not in _EXPECTED[stage]:
                trouble = trouble or self._read(stage, reply)
            elif trouble is not None and stage is Stage.DATA:
                self.in_step = False  # it waits for content, and nobody would get it
        if trouble is None and len(replies) < len(stages):
            trouble = self._explain(stages[len(replies)], self._wire.fault)
        return trouble

    def _read(self, stage: Stage, reply: Reply) -> Trouble:
        trouble = read_refusal(
            stage,
            reply.code,
            reply.text,
            authenticated=self._server.username is not None,
            limit=self._limit,
        )
        if reply.code in {421, 500, 502, 503} or not 400 <= reply.code < 600:
            self.in_step = False
        return trouble

    def _explain(self, stage: Stage, error: Exception | None) -> Trouble:
        self.in_step = False
        place = f"{self._server.host}:{self._server.port}"
        words = words_of(f"{place}: {stage.value}: {error or type(error).__name__}")
        return TryLater(words, elsewhere=not_given(stage))
