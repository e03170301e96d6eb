"""One kept connection to one mail server, over which messages go one after another (RFC 5321)."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import aiosmtplib

from mail.dialling import Dialler, abort
from mail.message import Message
from mail.outcome import (
    Accepted,
    Outcome,
    Refused,
    Stage,
    TooLarge,
    TryLater,
    not_given,
    read_refusal,
    words_of,
)
from pbx.model import SmtpServer

_BLOCK = 256 * 1024  # bytes handed to the transport at a time; most messages are one block
_HIGH_WATER = 64 * 1024  # bytes not yet taken by the kernel before we wait for the server
_FAREWELL = 2.0  # seconds to wait for the answer to QUIT
_FAULTS = (aiosmtplib.SMTPException, OSError, ValueError)


class SmtpSession:
    """Sends messages to one server over one connection, one message at a time.

    Not for two tasks at once: give each its own. Nothing here raises for what a server or a
    network does: that is an Outcome.

    Arguments:
        server: the site file's server; its timeout is the limit of every single step.
        client_name: what we call ourselves in EHLO, ASCII.
    """

    def __init__(self, server: SmtpServer, *, client_name: str) -> None:
        self.server = server
        self._dialler = Dialler(server, client_name=client_name)
        self._smtp: aiosmtplib.SMTP | None = None
        self._limit: int | None = None

    @property
    def usable(self) -> bool:
        """Whether the connection stands and is in step, as far as is known on this side."""
        return self._smtp is not None and self._smtp.is_connected

    @property
    def max_size(self) -> int | None:
        """Largest message in bytes by the server's last SIZE (RFC 1870); None: it never said."""
        return self._limit

    async def connect(self) -> TryLater | None:
        """Connect and log in, unless that is done. None: the session is usable."""
        if self.usable:
            return None
        self._drop()
        dialled = await self._dialler.dial()
        if isinstance(dialled, TryLater):
            return dialled
        self._smtp = dialled
        self._limit = _announced_size(dialled)
        if isinstance(dialled.transport, asyncio.WriteTransport):
            dialled.transport.set_write_buffer_limits(high=_HIGH_WATER)
        return None

    async def send(self, message: Message) -> Outcome:
        """Send one message. A cancelled send closes the connection, whose state is unknown then.

        A kept connection that turns out dead at MAIL is opened anew, once. After DATA nothing is
        repeated: the server may have the message. That is TryLater, and its stable Message-ID
        makes the later attempt safe.
        """
        kept = self.usable
        outcome = await self._attempt(message)
        if kept and not self.usable and _is_dead_link(outcome):
            outcome = await self._attempt(message)
        return outcome

    async def close(self) -> None:
        """Say QUIT and close; a server that does not answer is not waited for."""
        smtp, self._smtp = self._smtp, None
        if smtp is None:
            return
        try:
            if smtp.is_connected:
                with suppress(*_FAULTS):
                    await smtp.quit(timeout=min(_FAREWELL, self.server.timeout))
        finally:
            abort(smtp)

    async def _attempt(self, message: Message) -> Outcome:
        if (trouble := await self.connect()) is not None:
            return trouble
        smtp = self._smtp
        assert smtp is not None
        size = len(message.content)
        if self._limit is not None and size > self._limit:
            return TooLarge(self._limit, f"{size} bytes, and the server takes {self._limit}")
        try:
            return await self._transact(_Conversation(smtp, self.server, self._limit), message)
        except BaseException:
            # Cancelled somewhere inside: aiosmtplib would take the late reply for the next one's.
            self._drop()
            raise

    async def _transact(self, talk: _Conversation, message: Message) -> Outcome:
        trouble = await talk.mail(message)
        if trouble is None:
            taken, left_out = await talk.recipients(message)
            if not taken:
                trouble = _worst(left_out)
            elif (trouble := await talk.data()) is None:
                outcome = await talk.content(message)
                if not talk.in_step:
                    self._drop()
                return Accepted(outcome, left_out) if isinstance(outcome, str) else outcome
            if talk.in_step:
                await talk.reset()
        if not talk.in_step:
            self._drop()
        return trouble

    def _drop(self) -> None:
        smtp, self._smtp = self._smtp, None
        if smtp is not None:
            abort(smtp)


Trouble = TryLater | Refused | TooLarge


class _Conversation:
    """One transaction's commands. Each returns None or a value, or what went wrong."""

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
        except _FAULTS as error:
            return self._explain(Stage.MAIL, error)
        return None

    async def recipients(
        self, message: Message
    ) -> tuple[list[str], tuple[tuple[str, Trouble], ...]]:
        taken: list[str] = []
        left_out: list[tuple[str, Trouble]] = []
        for address in message.recipients:
            try:
                self._check_silence()
                await self._smtp.rcpt(address)
            except _FAULTS as error:
                left_out.append((address, self._explain(Stage.RCPT, error)))
                if not self.in_step:
                    return [], tuple(left_out)
            else:
                taken.append(address)
        return taken, tuple(left_out)

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
        except _FAULTS as error:
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
        except _FAULTS as error:
            return self._explain(stage, error)
        return None if reply.code == expected else self._read(stage, reply.code, reply.message)

    async def _write(self, wire: bytes) -> None:
        """Write block by block, each taken by the server within the time limit."""
        for start in range(0, len(wire), _BLOCK):
            protocol = self._smtp.protocol
            if protocol is None:
                raise aiosmtplib.SMTPServerDisconnected("Connection lost")
            protocol.write(wire[start : start + _BLOCK])
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


def _announced_size(smtp: aiosmtplib.SMTP) -> int | None:
    text = smtp.esmtp_extensions.get("size", "").strip()
    return int(text) or None if text.isascii() and text.isdigit() else None


def _is_dead_link(outcome: Outcome) -> bool:
    """Nothing was given away, and it was the connection that failed: EOF, silence, or 421."""
    return isinstance(outcome, TryLater) and outcome.elsewhere and outcome.code in {None, 421}


def _worst(left_out: tuple[tuple[str, Trouble], ...]) -> Trouble:
    """One fate for a message that nobody took: refused only when every recipient was."""
    troubles = [trouble for _, trouble in left_out]
    waiting = (trouble for trouble in troubles if isinstance(trouble, TryLater))
    return next(waiting, troubles[-1])
