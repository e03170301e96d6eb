"""Several mail servers in order: the first that can be talked to takes the message."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from mail.message import Message
from mail.outcome import Outcome, TryLater
from mail.smtp import SmtpSession
from pbx.mail import SmtpServer

_REST = 300.0


class SmtpRoute:
    """Sends over the first server that works, and goes back to the first after a while.

    The next server is tried when this one cannot be reached, secured or logged in to, is shutting
    down, has trouble of its own (4.3.x) or does not let us relay. It is not tried when a server
    speaks of the message itself (greylisting, rate limit, unknown user, size: the next would only
    be asked to break the same rule), nor once the content has been given: then the first server
    may have it, and only the later attempt with the same Message-ID is safe.

    For one task, as SmtpSession.

    Arguments:
        servers: in order of preference.
        client_name: what we call ourselves in EHLO, ASCII.
        clock: monotonic seconds.
        rest: seconds before a server that failed is asked again. When all rest, all are asked.
    """

    def __init__(
        self,
        servers: Sequence[SmtpServer],
        *,
        client_name: str,
        clock: Callable[[], float],
        rest: float = _REST,
    ) -> None:
        self._sessions = [SmtpSession(server, client_name=client_name) for server in servers]
        self._clock = clock
        self._rest = rest
        self._resting_until: dict[SmtpSession, float] = {}

    @property
    def max_size(self) -> int | None:
        """SIZE in bytes of the server that would be asked now; None while it is unknown."""
        return self._order()[0].max_size

    async def send(self, message: Message, following: Message | None = None) -> Outcome:
        """Send one message; where every server failed, the outcome is the preferred one's.

        following: the message that will be sent next, if that is known.
        """
        first_trouble: Outcome | None = None
        for session in self._order():
            outcome = await session.send(message, following)
            if not (isinstance(outcome, TryLater) and outcome.elsewhere):
                await self._settle_on(session)
                return outcome
            self._set_aside(session)
            first_trouble = first_trouble or outcome
        assert first_trouble is not None, "the site file has at least one server"
        return first_trouble

    async def close(self) -> None:
        """Close every connection."""
        for session in self._sessions:
            await session.close()

    def _order(self) -> list[SmtpSession]:
        now = self._clock()
        awake = [s for s in self._sessions if self._resting_until.get(s, now) <= now]
        return awake or self._sessions

    def _set_aside(self, session: SmtpSession) -> None:
        self._resting_until[session] = self._clock() + self._rest

    async def _settle_on(self, session: SmtpSession) -> None:
        self._resting_until.pop(session, None)
        for other in self._sessions:
            if other is not session and other.usable:
                await other.close()
