"""The telephone side for the daemon: one manager connection, made anew when the site changes."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager

import structlog

from ami.connection import AmiConnection
from ami.errors import ActionFailed, AmiError, LoginRefused, NotPermitted, NotSupported
from ami.settings import AmiSettings, ConnectionStatus
from ami.voicemail import MailboxActions, VoicemailWatcher
from cli.manager_accounts import ami_settings
from mail.aftercare import MailboxActions as Actions
from mail.aftercare import MailboxBusy, MailboxUnable, MailboxUnreachable
from mail.errors import MailError
from mail.mailbox_files import MailboxFiles
from pbx.model import Site
from pbx.secret import SecretUnusable


class Telephone:
    """Watches voicemail over AMI, and does to mailboxes what delivery asks for.

    A refused log-in is final until the site file is reread: trying again by itself would only
    have the firewall lock us out. Meanwhile the dialplan and the sweep still bring voicemail.

    Arguments:
        hint: a mailbox that has something new.
        sweep: after each connect; what happened meanwhile is not known.
    """

    def __init__(
        self,
        *,
        site: Callable[[], Site],
        hint: Callable[[str], Awaitable[None]],
        sweep: Callable[[], Awaitable[None]],
    ) -> None:
        self._site = site
        self._hint = hint
        self._sweep = sweep
        self._connection: AmiConnection | None = None
        self._files = MailboxFiles(site, self._refresh)
        self._without_actions: tuple[AmiConnection, int] | None = None
        self._reread = asyncio.Event()
        self._log = structlog.get_logger(part="telephone")
        self.trouble: str | None = None

    @property
    def status(self) -> ConnectionStatus | None:
        return None if self._connection is None else self._connection.status

    def renew(self) -> None:
        """The site file was reread: connect anew if its account changed or was refused."""
        self._reread.set()

    async def run(self) -> None:
        """Stay connected until cancelled."""
        try:
            await self._files.heal()
        except MailError as error:
            self._log.error("mailbox not mended", reason=str(error))
        while True:
            self._reread.clear()
            try:
                settings = await asyncio.to_thread(ami_settings, self._site())
            except SecretUnusable as error:
                self._give_up(error)
                await self._reread.wait()
                continue
            await self._connected(settings)

    async def _connected(self, settings: AmiSettings) -> None:
        """One account's time; returns when the site file names another."""
        self.trouble = None
        connection = self._connection = AmiConnection(settings)
        VoicemailWatcher(connection, self._hint, self._sweep)
        async with asyncio.TaskGroup() as group:
            running = group.create_task(self._run_one(connection))
            while True:
                await self._reread.wait()
                self._reread.clear()
                if running.done() or not self._still(settings):
                    break
            running.cancel()

    async def _run_one(self, connection: AmiConnection) -> None:
        try:
            await connection.run()
        except LoginRefused as refused:
            self._give_up(refused)

    def _give_up(self, error: Exception) -> None:
        self.trouble = str(error)
        self._log.error("no manager connection", reason=str(error), then="send SIGHUP")

    def _still(self, settings: AmiSettings) -> bool:
        try:
            return ami_settings(self._site()) == settings
        except SecretUnusable:
            return False

    async def mark_heard(self, mailbox: str, msg_id: str) -> None:
        await self._do(mailbox, lambda actions: actions.mark_heard(mailbox, msg_id))

    async def mark_new(self, mailbox: str, msg_id: str) -> None:
        await self._do(mailbox, lambda actions: actions.mark_new(mailbox, msg_id))

    async def delete(self, mailbox: str, msg_id: str) -> None:
        await self._do(mailbox, lambda actions: actions.delete(mailbox, msg_id))

    async def _do(self, mailbox: str, act: Callable[[Actions], Awaitable[None]]) -> None:
        """Through Asterisk's own actions, or by files where it has none: 16 has none."""
        connection = self._link()
        with explained():
            if await MailboxActions(connection).is_listened_to(mailbox):
                raise MailboxBusy(f"somebody listens to mailbox {mailbox} by telephone")
            link = (connection, connection.status.reconnects)
            if self._without_actions != link:
                try:
                    await act(MailboxActions(connection))
                except NotSupported:
                    self._without_actions = link  # asked again when Asterisk was restarted
                else:
                    return
            await act(self._files)

    async def _refresh(self, mailbox: str) -> None:
        await MailboxActions(self._link()).refresh(mailbox)

    def _link(self) -> AmiConnection:
        if self._connection is None:
            raise MailboxUnreachable("no manager connection yet")
        return self._connection


@contextmanager
def explained() -> Iterator[None]:
    """Say of a manager's error whether it passes."""
    try:
        yield
    except (NotPermitted, NotSupported) as error:
        # Of every message alike, until somebody mends manager.conf: it stays owed.
        raise MailboxUnreachable(str(error)) from error
    except ActionFailed as error:
        raise MailboxUnable(str(error)) from error
    except AmiError as error:
        raise MailboxUnreachable(str(error)) from error
