"""One mail server's conversation with us: aiosmtpd's, with what it gets wrong put right."""

from __future__ import annotations

import asyncio
import contextlib
from collections import defaultdict

import structlog
from aiosmtpd.smtp import SMTP, Envelope, Session

from mail.intake.errors import HangUp
from mail.intake.handler import Answer, with_status
from mail.intake.house import House
from mail.intake.room import NO_ROOM, Share
from mail.intake.wire import CrlfReader

_COMMANDS = {"MAIL", "RCPT", "DATA", "RSET", "NOOP", "QUIT"}
_GREETINGS = {True: {"LHLO"}, False: {"EHLO", "HELO"}}
_LONGEST_COMMAND = 1024  # octets; RFC 5321 asks for 512, and SIZE and others add to it


class Conversation(SMTP):  # type: ignore[misc]  # aiosmtpd has no types
    """LMTP (RFC 2033) or SMTP (RFC 5321), without TLS, AUTH, VRFY and SMTPUTF8."""

    transport: asyncio.Transport | None

    def __init__(self, house: House) -> None:
        # aiosmtpd has one for all connections, and every EHLO makes it grow.
        self.command_size_limits: dict[str, int] = defaultdict(lambda: _LONGEST_COMMAND)
        self.command_size_limit = _LONGEST_COMMAND
        super().__init__(
            _Hooks(house),
            data_size_limit=house.room.largest,
            hostname=house.host_name,  # else it asks the name server, and all wait
            ident="voxpost",
            timeout=house.limits.command_seconds,
            loop=asyncio.get_running_loop(),
        )
        self._house = house
        self._busy = False
        self._ending = False
        self._smtp_methods = {
            name: getattr(self, f"smtp_{name}") for name in _COMMANDS | _GREETINGS[house.lmtp]
        }

    @property
    def peer(self) -> str:
        """The client's address."""
        name = self.session.peer if self.session else None
        return str(name[0]) if isinstance(name, tuple) else ""

    @property
    def task(self) -> asyncio.Task[None]:
        """Ends when the conversation does."""
        task: asyncio.Task[None] = self._handler_coroutine
        return task

    def end(self) -> None:
        """Hang up: now, or after the message that is under way."""
        self._ending = True
        if not self._busy:
            self._say_goodbye()

    def cut(self) -> None:
        """Hang up whatever is under way."""
        if self.transport is not None:
            self.transport.abort()
        self.task.cancel()

    def _cb_client_connected(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._reader = CrlfReader(reader, self._house.limits.read_seconds, writer.is_closing)
        self._writer = writer

    def eof_received(self) -> bool | None:
        # aiosmtpd cancels the message that is being taken: a client that closes its half of the
        # connection still waits for the answer.
        more: bool | None = asyncio.StreamReaderProtocol.eof_received(self)
        return more

    async def _handle_client(self) -> None:
        # aiosmtpd lets a lost connection out of a task that nobody awaits.
        try:
            with contextlib.suppress(ConnectionError):
                if (refusal := await self._house.joined(self)) is None:
                    await super()._handle_client()
                else:
                    await self.push(refusal.reply())
        finally:
            self._house.left(self)
            if self.transport is not None:
                self.transport.close()

    async def push(self, status: str | bytes) -> None:
        """Send a reply, unless we hung up already."""
        if self.transport is None or self.transport.is_closing():
            return
        text = status if isinstance(status, str) else status.decode("ascii", "replace")
        await super().push(with_status(text).encode("ascii", "replace"))

    async def handle_exception(self, error: Exception) -> str:
        """The last word of a conversation that cannot go on."""
        reply = "421 4.3.0 A fault of ours, come back later"
        if isinstance(error, HangUp):
            reply = error.reply
        else:
            structlog.get_logger(part="mail-intake").error("intake.failed", exc_info=error)
        await self.push(reply)
        if self.transport is not None:
            self.transport.close()
        return reply

    def _getaddr(self, arg: str) -> tuple[str | None, str | None]:
        try:
            found: tuple[str | None, str | None] = super()._getaddr(arg)
        except Exception:  # the standard library's parser of addresses raises many kinds
            return None, None
        address, rest = found
        return (None, None) if address is not None and not _is_sound(address) else (address, rest)

    async def smtp_EHLO(self, arg: str | None) -> None:  # noqa: N802
        """The greeting, with what we can. PIPELINING is a must of RFC 2033."""
        if not arg:
            await self.push("501 A host name is missing")
            return
        self._set_rset_state()
        self.session.extended_smtp = True
        self.session.host_name = arg
        size = f"SIZE {self._house.room.largest}"
        lines = [self._house.host_name, "PIPELINING", size, "8BITMIME", "ENHANCEDSTATUSCODES"]
        head = "".join(f"250-{line}\r\n" for line in lines[:-1])
        self._writer.write(f"{head}250 {lines[-1]}\r\n".encode("ascii", "replace"))
        await self._writer.drain()

    async def smtp_LHLO(self, arg: str | None) -> None:  # noqa: N802
        """LMTP's greeting."""
        await self.smtp_EHLO(arg)

    async def smtp_DATA(self, arg: str | None) -> None:  # noqa: N802
        """Take a message. LMTP: a reply for each recipient that was accepted (RFC 2033, 4.2).

        aiosmtpd's own replies once, so that the client takes the next command's reply for the
        second recipient's, or waits for ever.
        """
        if await self.check_helo_needed():
            return
        if arg:
            await self.push("501 DATA has no parameters")
            return
        if not self.envelope.rcpt_tos:
            # A client that pipelines sends DATA whatever RCPT is answered.
            await self.push("503 5.5.1 No valid recipients")
            return
        self._busy = True
        try:
            for answer in await self._take_message(self.envelope):
                await self.push(answer.reply())
        finally:
            self._busy = False
            self._set_post_data_state()
        if self._ending:
            self._say_goodbye()

    async def _take_message(self, envelope: Envelope) -> list[Answer]:
        await self.push("354 End data with <CR><LF>.<CR><LF>")
        recipients = envelope.rcpt_tos
        with Share(self._house.room) as share:
            content = await self._reader.content(share.take)
            if content is None:
                answers = [share.refusal] * len(recipients)
            else:
                self._reset_timeout(self._house.limits.handler_seconds * (len(recipients) + 1))
                sender = envelope.mail_from.removeprefix("<>")  # aiosmtpd's word for nobody
                answers = await self._house.deliver(content, sender, recipients)
        return answers if self._house.lmtp else answers[:1]

    def _say_goodbye(self) -> None:
        if self.transport is not None and not self.transport.is_closing():
            self.transport.write(b"421 4.3.2 We stop, come back later\r\n")
            self.transport.close()
        self._reader.end()


class _Hooks:
    """What aiosmtpd asks of its handler."""

    def __init__(self, house: House) -> None:
        self._house = house

    async def handle_MAIL(  # noqa: N802
        self, _: Conversation, __: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        sizes = [int(it[5:]) for it in options if it.startswith("SIZE=") and it[5:].isdecimal()]
        if not self._house.room.has(max(sizes, default=0)):
            return NO_ROOM.reply()
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 2.1.0 OK"

    async def handle_RCPT(  # noqa: N802
        self, _: Conversation, __: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        most = self._house.limits.recipients if self._house.lmtp else 1
        if len(envelope.rcpt_tos) >= most:
            # SMTP has one reply for a message: with two recipients it could not be right for both.
            return "452 4.5.3 Too many recipients for one message, send it again for the others"
        answer = await self._house.recipient(address)
        if answer.taken:
            envelope.rcpt_tos.append(address)
            envelope.rcpt_options.extend(options)
        return answer.reply()


def _is_sound(address: str) -> bool:
    return address.isascii() and address.isprintable() and len(address) <= 320
