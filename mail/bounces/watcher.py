"""Watches the account that bounces come back to, and marks what they are of."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import structlog

from ledger.entries import State
from ledger.errors import LedgerError
from ledger.outbox import Outbox
from mail.bounces.dsn import Bounce, read_bounce
from mail.bounces.statistics import BounceStatistics
from mail.imap.dialling import Login
from mail.imap.errors import ImapError, ImapLoginRefused, ImapRefused
from mail.imap.session import ImapSession
from pbx.backoff import Backoff
from pbx.bounces import Bounces
from pbx.imap import ImapServer
from pbx.model import Site
from pbx.waiting import set_within

T = TypeVar("T")

_PERIOD = 300.0  # seconds; between two looks when the server says nothing
_SOON = 5.0  # seconds; the bounce was quicker than our own record of the delivery
_PAUSES = (5.0, 600.0)  # seconds before another try, the first and the longest
_LARGEST = 32 * 1024 * 1024  # bytes; a larger mail is no bounce


class BounceWatcher:
    """Marks in the ledger what came back, then moves the bounce out of the way.

    Only unread mail is looked at. What is no bounce of ours stays as it is, unread. Run it beside
    the delivery; where the site file names no account it does nothing.

    Arguments:
        site: called for the site file as it is now.
        chance: a random number from 0 to 1.
    """

    def __init__(
        self,
        *,
        site: Callable[[], Site],
        outbox: Outbox,
        chance: Callable[[], float],
    ) -> None:
        self._site = site
        self._outbox = outbox
        self._backoff = Backoff(*_PAUSES, chance)
        self._renewed = asyncio.Event()
        self._log = structlog.get_logger(part="bounces")
        self.statistics = BounceStatistics()

    def renew(self) -> None:
        """Say that the site file was reread."""
        self._renewed.set()

    async def run(self) -> None:
        """Watch until cancelled."""
        while True:
            self._renewed.clear()
            bounces, server = self._site().mail.bounces, self._site().mail.imap
            if bounces is None or server is None:
                await self._renewed.wait()
                continue
            try:
                await self._watch(bounces, server)
                self._backoff.reset()
            except ImapLoginRefused as refused:
                # Trying again by itself would only have the account suspended.
                self._note(refused, then="send SIGHUP")
                await self._renewed.wait()
            except (ImapError, LedgerError) as error:
                if self.statistics.connected:
                    self._backoff.reset()
                pause = self._backoff.next_delay()
                self._note(error, then=f"again in {pause:.0f} s")
                await set_within(self._renewed, pause)
            finally:
                self.statistics.connected = False

    async def _watch(self, bounces: Bounces, server: ImapServer) -> None:
        """One connection's time; returns when the site file was reread."""
        login = Login(bounces.username, bounces.login_secret())
        worker = _Worker(ImapSession(server, login))
        try:
            await worker.do(lambda it: it.open())
            await worker.do(lambda it: it.create(bounces.processed))
            self.statistics.connected, self.statistics.trouble = True, None
            looked_at: set[int] = set()
            validity: int | None = None
            while not self._renewed.is_set():
                selected = await worker.do(lambda it: it.select(bounces.folder))
                if selected.uid_validity != validity:
                    looked_at.clear()
                    validity = selected.uid_validity
                again = await self._look(worker, bounces, looked_at)
                period = _SOON if again else _PERIOD
                await worker.do(lambda it: it.idle(period, self._renewed.is_set))  # noqa: B023
        finally:
            await worker.close()

    async def _look(self, worker: _Worker, bounces: Bounces, looked_at: set[int]) -> bool:
        """Go through what is unread; whether some of it has to be looked at again soon."""
        again = False
        unseen = await worker.do(lambda it: it.unseen())
        looked_at.intersection_update(unseen)
        for uid in unseen:
            if uid in looked_at:
                continue
            try:
                settled = await self._one(worker, bounces, uid)
            except ImapRefused as refused:
                self._log.warning("bounce left where it is", uid=uid, reason=str(refused))
                settled = False
            if settled is None:
                again = True
            elif not settled:
                looked_at.add(uid)
        return again

    async def _one(self, worker: _Worker, bounces: Bounces, uid: int) -> bool | None:
        """Whether a mail was dealt with and moved; None if it is too early to say."""
        content = await worker.do(lambda it: it.message(uid, _LARGEST))
        bounce = None if content is None else await asyncio.to_thread(read_bounce, content)
        if bounce is None:
            return False
        if bounce.action == "delayed":
            if not self._may_be_ours(bounce):
                return False
            self.statistics.delayed += 1
            self._log.info("delayed", message_id=bounce.message_id, words=bounce.words)
        else:
            entry = await self._outbox.bounced(bounce.message_id, _reason(bounce))
            if entry is None:
                return False
            if entry.state is State.WAITING:
                return None
            if entry.state is State.BOUNCED:
                self.statistics.bounced += 1
                self._log.error(
                    "came back",
                    entry=entry.id,
                    recipient=entry.recipient,
                    words=bounce.words,
                    help=f"voxpost outbox show {entry.id}",
                )
        await worker.do(lambda it: it.move(uid, bounces.processed))
        return True

    def _may_be_ours(self, bounce: Bounce) -> bool:
        """Message-IDs of ours end in the site's domain (mail/identity.py)."""
        return bounce.message_id.endswith(f"@{self._site().site.domain}>")

    def _note(self, error: Exception, *, then: str) -> None:
        self.statistics.trouble = str(error)
        self._log.warning("bounces are not seen", reason=str(error), then=then)


class _Worker:
    """A session's steps, one after the other in a thread of its own: IDLE would hold a shared one.

    A step that is cancelled is cut off on the wire, and waited for.
    """

    def __init__(self, session: ImapSession) -> None:
        self._session = session
        self._thread = ThreadPoolExecutor(1, "voxpost-bounces")

    async def do(self, step: Callable[[ImapSession], T]) -> T:
        loop = asyncio.get_running_loop()
        running = loop.run_in_executor(self._thread, step, self._session)
        try:
            return await asyncio.shield(running)
        except asyncio.CancelledError:
            self._session.abort()
            await asyncio.wait([running])
            running.exception()  # its end was our doing
            raise

    async def close(self) -> None:
        try:
            await self.do(lambda it: it.close())
        finally:
            self._thread.shutdown(wait=False)


def _reason(bounce: Bounce) -> str:
    if not bounce.status or bounce.status in bounce.words:
        return bounce.words
    return f"{bounce.status} {bounce.words}"
