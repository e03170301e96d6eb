"""One kept connection to one mail server, over which messages go one after another (RFC 5321)."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from mail.dialling import Dialler
from mail.message import Message
from mail.outcome import Accepted, Outcome, TooLarge, TryLater
from mail.transaction import FAULTS, Transactions, Trouble
from pbx.mail import SmtpServer

_FAREWELL = 2.0  # seconds to wait for the answer to QUIT


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
        self._talk: Transactions | None = None
        self._limit: int | None = (
            None  # as it was announced last, also while there is no connection
        )
        self._announces = True

    @property
    def usable(self) -> bool:
        """Whether the connection stands and is in step, as far as is known on this side."""
        return self._talk is not None and self._talk.usable

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
        self._talk = Transactions(dialled, self.server)
        self._limit = self._talk.limit
        return None

    async def send(self, message: Message, following: Message | None = None) -> Outcome:
        """Send one message. A cancelled send closes the connection, whose state is unknown then.

        A kept connection that turns out dead before the content is given is opened anew, once.
        After that nothing is repeated: the server may have the message. That is TryLater, and its
        stable Message-ID makes the later attempt safe.

        following: the message that will be sent next, if that is known.
        """
        if self._talk is not None and not self._talk.expects(message):
            self._drop()  # the server waits for another's content
        kept = self.usable
        outcome = await self._attempt(message, following)
        if kept and not self.usable and _is_dead_link(outcome):
            outcome = await self._attempt(message, following)
        return outcome

    async def rehearse(self, sender: str, recipient: str) -> Trouble | None:
        """Connect, and say who would write to whom, and no more; what the server has against it.

        Arguments:
            sender, recipient: addresses of the envelope.
        """
        if (trouble := await self.connect()) is not None:
            return trouble
        assert self._talk is not None
        return await self._talk.rehearse(sender, recipient)

    async def close(self) -> None:
        """Say QUIT and close; a server that does not answer is not waited for."""
        talk, self._talk = self._talk, None
        if talk is None:
            return
        try:
            with suppress(*FAULTS):
                async with asyncio.timeout(_FAREWELL):
                    await talk.quit()
        finally:
            talk.abort()

    async def _attempt(self, message: Message, following: Message | None) -> Outcome:
        if (trouble := await self.connect()) is not None:
            return trouble
        talk = self._talk
        assert talk is not None
        following = following if self._announces else None
        if not talk.fits(message):
            return TooLarge(
                self._limit, f"{message.size} bytes, and the server takes {self._limit}"
            )
        try:
            outcome = await _transact(talk, message, following)
        except BaseException:
            # Cancelled somewhere inside: a late reply would be taken for the next one's.
            self._drop()
            raise
        if talk.deaf_behind_content:
            self._announces = False  # it would cost a time-out and a log-in for each message
        if not talk.in_step:
            self._drop()
        return outcome

    def _drop(self) -> None:
        talk, self._talk = self._talk, None
        if talk is not None:
            talk.abort()


async def _transact(talk: Transactions, message: Message, following: Message | None) -> Outcome:
    trouble = await talk.envelope(message)
    if trouble is None:
        outcome = await talk.content(message, following)
        return Accepted(outcome) if isinstance(outcome, str) else outcome
    if talk.in_step:
        await talk.reset()
    return trouble


def _is_dead_link(outcome: Outcome) -> bool:
    """Nothing was given away, and it was the connection that failed: EOF, silence, or 421."""
    return isinstance(outcome, TryLater) and outcome.elsewhere and outcome.code in {None, 421}
