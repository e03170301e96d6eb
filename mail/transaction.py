"""Each message's commands over an open connection, in order (RFC 5321, 3.3)."""

from __future__ import annotations

from mail.message import Message
from mail.outcome import Refused, Stage, TooLarge, TryLater, not_given, read_refusal, words_of
from mail.wire import NotSmtp, Reply, SmtpWire
from pbx.mail import SmtpServer

FAULTS = (OSError, NotSmtp)
"""All that the wire raises for what a server or a network does."""

_ENVELOPE = (Stage.MAIL, Stage.RCPT, Stage.DATA)
_EXPECTED = ((250,), (250, 251), (354,))

Trouble = TryLater | Refused | TooLarge


class Transactions:
    """Message after message over one connection: who it is for, and what it says.

    The envelope of the next message goes out right behind the content of this one, where the
    server allows it (RFC 2920, 3.1): that saves a round trip for each message.

    in_step: False once the connection cannot be trusted with another command.
    deaf_behind_content: True once the server, or something before it, threw such an envelope away.
    """

    def __init__(self, wire: SmtpWire, server: SmtpServer) -> None:
        self.limit = _announced_size(wire)
        self.in_step = True
        self.deaf_behind_content = False
        self._wire = wire
        self._server = server
        self._sized = "size" in wire.extensions
        self._grouped = "pipelining" in wire.extensions
        self._begun: Message | None = None

    @property
    def usable(self) -> bool:
        """Whether the connection stands and is in step, as far as is known on this side."""
        return self.in_step and self._wire.is_open

    def expects(self, message: Message) -> bool:
        """Whether this message may come next: the server may have the envelope of another."""
        return self._begun is None or self._begun is message

    async def envelope(self, message: Message) -> Trouble | None:
        """MAIL, RCPT and DATA, in one go where the server allows it."""
        if self._begun is message:
            self._begun = None
            trouble = await self._answers(0, 3)
            self.deaf_behind_content = isinstance(self._wire.fault, TimeoutError)
            return trouble
        commands = self._commands(message)
        if self._grouped:
            return await self._say(b"".join(commands), 0, 3)
        for number, command in enumerate(commands):
            if (trouble := await self._say(command, number, number + 1)) is not None:
                return trouble
        return None

    async def content(self, message: Message, following: Message | None) -> str | Trouble:
        """Hand over the content with its final dot; return the server's words on taking it.

        following: the message that will come next; its envelope goes out too.
        """
        try:
            self._wire.require_silence()
        except FAULTS as error:
            return self._explain(Stage.DATA, error)  # nothing was given yet
        behind = b""
        if following is not None and self._grouped and self.fits(following):
            self._begun = following
            behind = b"".join(self._commands(following))
        try:
            for block in message.wire(behind):
                await self._wire.write(block)
            # Who gives up sooner has the message delivered twice (RFC 5321, 4.5.3.2.6).
            [reply] = await self._wire.replies(1, self._server.taking_timeout)
        except FAULTS as error:
            return self._explain(Stage.CONTENT, error)
        if reply.code == 250:
            return words_of(reply.text)
        return self._read(Stage.CONTENT, reply)

    async def rehearse(self, sender: str, recipient: str) -> Trouble | None:
        """MAIL and RCPT without a message behind them: what the server has against them."""
        commands = (f"MAIL FROM:<{sender}>\r\n", f"RCPT TO:<{recipient}>\r\n")
        for number, command in enumerate(commands):
            trouble = await self._say(command.encode("ascii"), number, number + 1)
            if trouble is not None:
                break
        if self.in_step:
            await self.reset()
        return trouble

    def fits(self, message: Message) -> bool:
        """Whether the server says that it takes messages as large as this one."""
        return self.limit is None or message.size <= self.limit

    async def reset(self) -> None:
        """Forget a transaction that went no further, so that the next finds a clean table."""
        try:
            await self._wire.write(b"RSET\r\n")
            [reply] = await self._wire.replies(1)
        except FAULTS:
            self.in_step = False
        else:
            self.in_step = reply.code == 250

    async def quit(self) -> None:
        """Say good-bye, and wait for the answer. Raises what the wire raises."""
        if self._begun is None:
            await self._wire.write(b"QUIT\r\n")
            await self._wire.replies(1)

    def abort(self) -> None:
        """Drop the connection at once."""
        self._wire.abort()

    def _commands(self, message: Message) -> tuple[bytes, bytes, bytes]:
        sized = f" SIZE={message.size}" if self._sized else ""
        return (
            f"MAIL FROM:<{message.sender}>{sized}\r\n".encode("ascii"),
            f"RCPT TO:<{message.recipient}>\r\n".encode("ascii"),
            b"DATA\r\n",
        )

    async def _say(self, commands: bytes, first: int, end: int) -> Trouble | None:
        """Some of the envelope's commands."""
        try:
            await self._wire.write(commands)
        except FAULTS as error:
            return self._explain(_ENVELOPE[first], error)
        return await self._answers(first, end)

    async def _answers(self, first: int, end: int) -> Trouble | None:
        """The answers to some of the envelope's commands; what went wrong first counts."""
        try:
            replies = await self._wire.replies(end - first)
        except FAULTS as error:
            return self._explain(_ENVELOPE[first], error)
        trouble: Trouble | None = None
        for number, reply in enumerate(replies, first):
            if reply.code not in _EXPECTED[number]:
                trouble = trouble or self._read(_ENVELOPE[number], reply)
            elif trouble is not None and _ENVELOPE[number] is Stage.DATA:
                self.in_step = False  # it waits for content, and nobody would get it
        if trouble is None and len(replies) < end - first:
            trouble = self._explain(_ENVELOPE[first + len(replies)], self._wire.fault)
        return trouble

    def _read(self, stage: Stage, reply: Reply) -> Trouble:
        trouble = read_refusal(
            stage,
            reply.code,
            reply.text,
            authenticated=self._server.username is not None,
            limit=self.limit,
        )
        if reply.code in {421, 500, 502, 503} or not 400 <= reply.code < 600:
            self.in_step = False
        return trouble

    def _explain(self, stage: Stage, error: Exception | None) -> Trouble:
        self.in_step = False
        place = f"{self._server.host}:{self._server.port}"
        words = words_of(f"{place}: {stage.value}: {error or type(error).__name__}")
        return TryLater(words, elsewhere=not_given(stage))


def _announced_size(wire: SmtpWire) -> int | None:
    text = wire.extensions.get("size", "").strip()
    # RFC 1870 allows twenty digits.
    return int(text) or None if text.isascii() and text.isdigit() and len(text) <= 20 else None
