"""The manager connection: logged in, watched, and opened again when it ends."""

from __future__ import annotations

import asyncio
import random as randomness
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from types import MappingProxyType

import structlog

from ami.dispatch import Dispatcher
from ami.errors import ActionTimeout, AmiError, ConnectionLost, LoginRefused, NotConnected
from ami.framer import Framer
from ami.link import Link
from ami.manager import SingleLinkManager
from ami.pending import PendingAction
from ami.reply import Reply
from ami.settings import AmiSettings, ConnectionStatus, LinkState, asterisk_of
from ami.wire import ActionFields, Event
from pbx.backoff import Backoff
from pbx.waiting import set_within

_NO_FIELDS: ActionFields = MappingProxyType({})
_UNANSWERED_PINGS = 3  # of a link that talks all the time, but never to us


class AmiConnection:
    """One account's connection to Asterisk, for as long as `run` runs.

    random: a number in [0, 1), for the delays between tries. clock: seconds since the epoch.
    queue_size, handler_timeout, state_timeout: see Dispatcher.
    """

    def __init__(
        self,
        settings: AmiSettings,
        *,
        random: Callable[[], float] = randomness.random,
        clock: Callable[[], float] = time.time,
        queue_size: int = 1000,
        handler_timeout: float = 60.0,
        state_timeout: float = 600.0,
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._backoff = Backoff(settings.reconnect_first, settings.reconnect_longest, random)
        self._dispatcher = Dispatcher(queue_size, handler_timeout, state_timeout)
        self._dispatcher.wanted.add(b"FullyBooted")
        self._framer = Framer(self._dispatcher.wanted)
        self._link: Link | None = None
        self._state_asked = False
        self._changed = asyncio.Event()  # the link is up, or will never be again
        self._ended: AmiError | None = None
        self._keeping: asyncio.Task[AmiError | None] | None = None
        self._state = LinkState.STOPPED
        self._since = clock()
        self._last_error = ""
        self._ami_version = ""
        self._logins = 0
        self._events_before = 0
        self._oversized_before = 0
        self._log = structlog.get_logger().bind(ami=settings.where, user=settings.username)

    @property
    def status(self) -> ConnectionStatus:
        """How the connection is doing now."""
        return ConnectionStatus(
            state=self._state,
            since=datetime.fromtimestamp(self._since, UTC),
            ami_version=self._ami_version,
            asterisk_version=asterisk_of(self._ami_version),
            last_error=self._last_error,
            reconnects=max(0, self._logins - 1),
            events_seen=self._events_before + self._framer.events_seen,
            events_dropped=self._dispatcher.dropped
            + self._oversized_before
            + self._framer.oversized,
            handler_errors=self._dispatcher.errors,
        )

    def on(self, event_name: str, handler: Callable[[Event], Awaitable[None]]) -> None:
        """Call a handler for each event of this exact name.

        Events of all names of one handler come to it in order, one at a time. It may be slow
        or fail: that is logged and counted, and harms no other handler.
        """
        self._dispatcher.on(event_name, handler)

    def on_connected(self, callback: Callable[[], Awaitable[None]]) -> None:
        """Call this after each log-in, and whenever events were dropped: ask the state anew."""
        self._dispatcher.on_state(callback)

    async def run(self) -> None:
        """Own the connection until cancelled or closed; it runs once.

        Raises LoginRefused, at once and for good, when Asterisk refuses the account; and
        NotConnected where the settings do not ask for a new link in place of one that ended.
        """
        if self._ended is not None:
            return
        try:
            async with asyncio.TaskGroup() as group:
                dispatching = group.create_task(self._dispatcher.run())
                self._keeping = group.create_task(self._keep_linked())
                await asyncio.wait([self._keeping])
                dispatching.cancel()
            refused = None if self._keeping.cancelled() else self._keeping.result()
        finally:
            self.close()
        if refused is not None:
            raise refused

    def close(self) -> None:
        """End the connection for good, also between two tries or before `run`, which returns."""
        if self._ended is None:
            self._ended = NotConnected(self._why("the connection was closed"))
            self._enter(LinkState.STOPPED)
        self._changed.set()
        if self._keeping is not None:
            self._keeping.cancel()

    async def wait_connected(self) -> None:
        """Wait until logged in. Raises LoginRefused or NotConnected if that will never be."""
        await self._linked()

    async def action(
        self, name: str, fields: ActionFields = _NO_FIELDS, *, timeout: float | None = None
    ) -> Reply:
        """Send an action once, never again by itself, and return Asterisk's answer.

        fields: a sequence of values becomes as many lines. timeout: seconds, else
        action_timeout; the wait for a link is part of it.
        Raises UnsafeValue, NotConnected or LoginRefused when it was not sent; ActionTimeout or
        ConnectionLost when it was, and nobody knows what became of it.
        """
        limit = self._settings.action_timeout if timeout is None else timeout
        pending = PendingAction(name, fields)
        sent = False
        try:
            async with asyncio.timeout(limit):
                link = await self._linked()
                sent = True
                return await link.ask(pending)
        except TimeoutError:
            if sent:
                raise ActionTimeout(name, limit) from None
            why = self._why(f"action {name!r} was not sent: no link within {limit:g} s")
            raise NotConnected(why) from None

    async def _linked(self) -> Link:
        while self._link is None:
            if self._ended is not None:
                raise self._ended.with_traceback(None)
            await self._changed.wait()
        return self._link

    async def _keep_linked(self) -> AmiError | None:
        while True:
            try:
                await self._one_link()
            except LoginRefused as refused:
                self._ended = refused
                self._last_error = str(refused)
                self._enter(LinkState.REFUSED)
                return refused
            except (AmiError, OSError, UnicodeError) as trouble:  # a host name can be odd
                self._last_error = str(trouble)
                if not self._settings.reconnect:
                    self._ended = NotConnected(f"{self._settings.where}: {trouble}")
                    self._enter(LinkState.STOPPED)
                    return self._ended
            delay = self._backoff.next_delay()
            self._enter(LinkState.WAITING)
            self._log.warning("ami.link_down", why=self._last_error, next_try_s=round(delay, 2))
            await asyncio.sleep(delay)

    async def _one_link(self) -> None:
        """Open a link and watch it to its end, which is always an exception."""
        settings = self._settings
        self._enter(LinkState.CONNECTING)
        self._events_before += self._framer.events_seen
        self._oversized_before += self._framer.oversized
        self._framer = Framer(self._dispatcher.wanted)
        self._state_asked = False
        link = Link(settings.where, self._framer, self._take)
        manager = SingleLinkManager(link, settings.host, settings.port)
        try:
            try:
                async with asyncio.timeout(settings.connect_timeout):
                    await manager.open()
                    self._ami_version = await link.greeting()
                    await self._log_in(link)
            except TimeoutError:
                raise NotConnected(
                    f"Asterisk at {settings.where} did not answer within "
                    f"{settings.connect_timeout:g} s"
                ) from None
            self._logins += 1
            self._link = link
            self._changed.set()
            self._enter(LinkState.CONNECTED)
            self._log.info("ami.connected", version=self._ami_version)
            await self._watch(link)
        finally:
            self._link = None
            self._changed.clear()
            link.close()
            manager.close()

    async def _log_in(self, link: Link) -> None:
        settings = self._settings
        account = {
            "Username": settings.username,
            "Secret": settings.secret,
            "Events": "on" if settings.events else "off",
        }
        reply = await link.ask(PendingAction("Login", account))
        if reply.ok:
            return
        words = reply.message.lower()
        if "in use" in words or "shutting down" in words:
            # allowmultiplelogin=no and our own dead link still counts, or a restart: that passes.
            raise NotConnected(f"Asterisk at {settings.where}: {reply.message}")
        raise LoginRefused(settings.where, settings.username, reply.message)

    async def _watch(self, link: Link) -> None:
        """Have the state asked anew, then ping until the link ends. Raises ConnectionLost."""
        await _first(link, link.booted, self._settings.boot_grace)
        self._state_asked = True
        self._dispatcher.ask_anew()
        unanswered = 0
        while True:
            await _first(link, link.lost, self._settings.ping_interval)
            heard = link.bytes_received
            try:
                async with asyncio.timeout(self._settings.ping_interval):
                    await link.ask(PendingAction("Ping", _NO_FIELDS))
            except TimeoutError:
                unanswered += 1
                if link.bytes_received == heard or unanswered == _UNANSWERED_PINGS:
                    link.end("it did not answer a ping")
            else:
                unanswered = 0
                self._backoff.reset()

    def _take(self, event: Event) -> None:
        if event.name == "FullyBooted" and self._state_asked:
            # Asterisk was still booting when we asked.
            self._dispatcher.ask_anew()
        self._dispatcher.put(event)

    def _why(self, words: str) -> str:
        return f"{words} ({self._last_error})" if self._last_error else words

    def _enter(self, state: LinkState) -> None:
        self._state = state
        self._since = self._clock()


async def _first(link: Link, event: asyncio.Event, seconds: float) -> None:
    """Wait for an event, the time or the link's end; raise ConnectionLost for the last."""
    await set_within(event, seconds)
    if link.closed:
        raise ConnectionLost(str(link.trouble))
