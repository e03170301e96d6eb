"""One message's commands over an open connection, in order (RFC 5321, 3.3)."""

from __future__ import annotations

import asyncio

import aiosmtplib

from mail.message import Message
from mail.outcome import Refused, Stage, TooLarge, TryLater, not_given, read_refusal, words_of
from pbx.model import SmtpServer

BLOCK = 256 * 1024  # bytes handed to the transport at a time; most messages are one block
FAULTS = (aiosmtplib.SMTPException, OSError, ValueError)
"""All that aiosmtplib raises for what a server or a network does."""

Trouble = TryLater | Refused | TooLarge


class Transaction:
    """The commands of one message, each returning None or a value, or what went wrong.

    in_step: False once the connection cannot be trusted with another command.
    """

    def __init__(self, smtp: aiosmtplib.SMTP, server: SmtpServer, limit: int | None) -> None:
        self._smtp = smtp
        self._server = server
        self._limit = limit
        self.in_step = True

    async def mail(self, message: Message) -> Trouble | None:
        sized = self._smtp.supports_extension("size")
        options = [f"SIZE={len(message.content)}"] if sized else []
        try:
            self._check_silence()
            await self._smtp.mail(message.sender, options=options)
        except FAULTS as error:
            return self._explain(Stage.MAIL, error)
        return None

    async def rcpt(self, message: Message) -> Trouble | None:
        try:
            self._check_silence()
            await self._smtp.rcpt(message.recipient)
        except FAULTS as error:
            return self._explain(Stage.RCPT, error)
        return None

    async def data(self) -> Trouble | None:
        return await self._command(Stage.DATA, b"DATA", 354)

    async def content(self, message: Message) -> str | Trouble:
        """Hand over the body, then the dot; return the server's words on taking it.

        aiosmtplib's own sendmail() and data() run regular expressions over the whole body, on the
        event loop; this body needs none.
        """
        try:
            await self._write(message.wire())
            self._check_silence()
            reply = await self._smtp.execute_command(b".")
        except FAULTS as error:
            return self._explain(Stage.CONTENT, error)
        if reply.code == 250:
            return words_of(reply.message)
        return self._read(Stage.CONTENT, reply.code, reply.message)

    async def reset(self) -> None:
        """Forget a transaction that went no further, so that the next finds a clean table."""
        await self._command(Stage.MAIL, b"RSET", 250)

    async def _command(self, stage: Stage, command: bytes, expected: int) -> Trouble | None:
        try:
            self._check_silence()
            reply = await self._smtp.execute_command(command)
        except FAULTS as error:
            return self._explain(stage, error)
        return None if reply.code == expected else self._read(stage, reply.code, reply.message)

    async def _write(self, wire: bytes) -> None:
        """Write block by block, each taken by the server within the time limit."""
        for start in range(0, len(wire), BLOCK):
            protocol = self._smtp.protocol
            if protocol is None:
                raise aiosmtplib.SMTPServerDisconnected("Connection lost")
            protocol.write(wire[start : start + BLOCK])
            # The drain that asyncio's StreamWriter awaits; aiosmtplib has no public one.
            async with asyncio.timeout(self._server.timeout):
                await protocol._drain_helper()

    def _check_silence(self) -> None:
        """Raise when the server has said more than it was asked.

        aiosmtplib keeps a second reply that came in one packet with the first, and would take it
        for the answer to the next command; at worst an old 250 for the fate of a message.
        """
        if self._smtp.protocol is not None and self._smtp.protocol._buffer:
            raise aiosmtplib.SMTPResponseException(-1, "the server answers what nobody asked")

    def _read(self, stage: Stage, code: int, text: str) -> Trouble:
        trouble = read_refusal(
            stage,
            code,
            text,
            authenticated=self._server.username is not None,
            limit=self._limit,
        )
        if code in {421, 500, 502, 503} or not 400 <= code < 600:
            self.in_step = False
        return trouble

    def _explain(self, stage: Stage, error: Exception) -> Trouble:
        if isinstance(error, aiosmtplib.SMTPResponseException) and error.code > 0:
            return self._read(stage, error.code, error.message)
        self.in_step = False
        what = str(error.message if isinstance(error, aiosmtplib.SMTPException) else error)
        if isinstance(error, TimeoutError):
            what = f"no answer within {self._server.timeout:g} s"
        place = f"{self._server.host}:{self._server.port}"
        words = words_of(f"{place}: {stage.value}: {what or type(error).__name__}")
        return TryLater(words, elsewhere=not_given(stage))
