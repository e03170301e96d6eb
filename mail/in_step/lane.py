"""One connection to the mail server: kept for the last person, and waited on for news."""

from __future__ import annotations

import threading
from collections.abc import Awaitable, Callable

from mail.imap.session import ImapSession, Selected
from mail.in_step.account import Account
from pbx.apart import apart

_LONGEST_WAIT = 600.0  # seconds
_SHORTEST_WAIT = 0.05

Opener = Callable[[ImapSession], Awaitable[None]]


class Lane:
    """Keeps a connection as long as it is of use.

    Arguments:
        opener: connects and logs a session in.
    """

    def __init__(self, opener: Opener) -> None:
        self._opener = opener
        self._session: ImapSession | None = None
        self._account: Account | None = None
        self._wanted = threading.Event()
        self.person: str | None = None
        """Whose INBOX can be waited on."""
        self.waits = False

    @property
    def connected(self) -> bool:
        return self._session is not None and self._session.usable

    async def session_for(self, account: Account) -> ImapSession:
        """A connection that is logged in to this account: the kept one, or a new one.

        Raises:
            ImapUnreachable, ImapLoginRefused: there is none.
        """
        kept = self._account
        fits = kept is not None and (kept.server, kept.login) == (account.server, account.login)
        if not (fits and self.connected):
            await self.close()
            self._session = ImapSession(account.server, account.login)
            await self._opener(self._session)
        self._account = account
        assert self._session is not None
        return self._session

    async def wait(self, seconds: float | None, known: Selected | None) -> bool:
        """Wait for news of the person's INBOX, until woken, or `seconds`; whether there are any.

        Arguments:
            known: how the INBOX stood at the last look. A change since is news already.

        Raises:
            ImapUnreachable, ImapRefused: it cannot be waited on.
        """
        session, account = self._session, self._account
        assert session is not None
        assert account is not None
        limit = _LONGEST_WAIT if seconds is None else max(seconds, _SHORTEST_WAIT)

        def work() -> bool:
            now = session.select(account.inbox)
            if known is not None and known.modseq is not None and now != known:
                return True
            return session.idle(limit, self._wanted.is_set)

        self._wanted.clear()
        self.waits = True
        try:
            return await apart(work)
        finally:
            self.waits = False

    def wake(self) -> None:
        """End the wait: somebody is due."""
        self._wanted.set()

    async def close(self) -> None:
        """Log out, where there is somebody to hear it."""
        session = self._dropped()
        if session is not None:
            await apart(session.close)

    def abort(self) -> None:
        """End the connection at once; a thread that works on it ends too."""
        self._wanted.set()
        session = self._dropped()
        if session is not None:
            session.abort()

    def _dropped(self) -> ImapSession | None:
        session, self._session, self._account, self.person = self._session, None, None, None
        return session
