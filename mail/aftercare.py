"""What a mailbox asks for once a message is delivered: mark it heard, or delete it."""

from __future__ import annotations

import asyncio
from typing import Protocol

import structlog

from ledger.entries import Entry
from ledger.errors import LedgerError
from ledger.facts import VoicemailFacts
from ledger.outbox import Outbox
from mail.errors import MailError
from pbx.waiting import set_within

_PERIOD = 60.0  # seconds; between two looks when nobody wakes us
_BATCH = 100


class MailboxUnreachable(MailError):
    """The telephone side cannot be asked now: later."""


class MailboxBusy(MailboxUnreachable):
    """This mailbox cannot be changed now; another can."""


class MailboxUnable(MailError):
    """The telephone side will never do this; the reason is said."""


class MailboxActions(Protocol):
    """What can be done to a message on the telephone, and the lamp follows.

    A mailbox is written `1001@default`. A message that is gone, or is already where it should be,
    is no error, so that each may be asked for again.

    Each raises MailboxUnreachable (later), MailboxBusy (later, but other mailboxes now) or
    MailboxUnable (never).
    """

    async def mark_heard(self, mailbox: str, msg_id: str) -> None:
        """Move a new message to the old ones."""
        ...

    async def mark_new(self, mailbox: str, msg_id: str) -> None:
        """Move an old message to the new ones."""
        ...

    async def delete(self, mailbox: str, msg_id: str) -> None:
        """Delete a message, whichever folder it is in."""
        ...


class Aftercare:
    """Does what is owed to delivered messages, in order, as often as it takes."""

    def __init__(self, outbox: Outbox, actions: MailboxActions) -> None:
        self._outbox = outbox
        self._actions = actions
        self._woken = asyncio.Event()
        self._log = structlog.get_logger(part="aftercare")

    def wake(self) -> None:
        """Say that something was delivered, or that the telephone side is back."""
        self._woken.set()

    async def run(self) -> None:
        """Work until cancelled."""
        while True:
            self._woken.clear()
            try:
                await self._work()
            except (MailboxUnreachable, LedgerError) as error:
                self._log.warning("mailbox not in step yet", reason=str(error))
            await set_within(self._woken, _PERIOD)

    async def _work(self) -> None:
        """All that is owed; a mailbox that is busy has its turn the next time."""
        last = 0
        busy: set[str] = set()
        while entries := await self._outbox.awaiting_aftercare(_BATCH, after=last):
            for entry in entries:
                await self._one(entry, busy)
            last = entries[-1].id

    async def _one(self, entry: Entry, busy: set[str]) -> None:
        facts = entry.facts
        if isinstance(facts, VoicemailFacts):
            if facts.mailbox in busy:
                return
            try:
                await self._act(entry, facts)
            except MailboxBusy as error:
                self._log.info("mailbox not in step yet", entry=entry.id, reason=str(error))
                busy.add(facts.mailbox)
                return
            except MailboxUnable as error:
                self._log.error("mailbox left as it is", entry=entry.id, reason=str(error))
        await self._outbox.aftercare_done(entry.id)

    async def _act(self, entry: Entry, facts: VoicemailFacts) -> None:
        if entry.aftercare == "delete":
            await self._actions.delete(facts.mailbox, facts.msg_id)
        else:
            await self._actions.mark_heard(facts.mailbox, facts.msg_id)
        self._log.info("mailbox in step", entry=entry.id, action=entry.aftercare)
