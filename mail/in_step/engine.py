"""Keeps the mails and telephone messages of all who asked for it in step, over few connections."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

import structlog

from ledger.errors import LedgerError
from ledger.in_step import InStep
from mail.aftercare import MailboxActions
from mail.errors import MailError
from mail.imap.errors import ImapLoginRefused, ImapRefused, ImapUnreachable
from mail.imap.session import ImapSession
from mail.in_step.lane import Lane
from mail.in_step.memory import Memory
from mail.in_step.rest import Rest
from mail.in_step.schedule import Schedule
from mail.in_step.statistics import InStepStatistics
from mail.in_step.visit import Outcome, Visitor
from pbx.apart import apart
from pbx.imap import ImapServer
from pbx.model import Site
from pbx.people import Person
from pbx.waiting import set_within

_SERVER_RESTS = (1.0, 30.0)  # seconds, first and longest
_LOGIN_RESTS = (300.0, 3600.0)
_LONGEST_PUT_OFF = 600.0  # seconds, for somebody whose visits fail


class KeepInStep:
    """Visits people by turns: when they are due, and at once when there are news of them.

    A connection that nobody else needs waits at its last person for the server's news (IDLE).

    Arguments:
        site: called for the site file as it is now.
        now: seconds since 1970. clock: seconds, only forward.
    """

    def __init__(
        self,
        *,
        site: Callable[[], Site],
        ledger: InStep,
        actions: MailboxActions,
        now: Callable[[], float] = time.time,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.statistics = InStepStatistics()
        self._site = site
        self._now = now
        self._clock = clock
        self._visitor = Visitor(
            site=site,
            ledger=ledger,
            actions=actions,
            statistics=self.statistics,
            now=now,
            clock=clock,
        )
        self._renewed = asyncio.Event()
        self._lanes: list[Lane] = []
        self._log = structlog.get_logger(part="in-step")
        self._begin()

    def hint(self, mailbox: str) -> None:
        """A mailbox has changed, or a mail of it was delivered."""
        person = self._site().person_of_mailbox(mailbox)
        if person is not None and person.extension in self._asked:
            self._hint(person.extension)

    def hint_all(self) -> None:
        """What happened is not known: a side was away."""
        for extension in self._asked:
            self._hint(extension)

    def _hint(self, extension: str) -> None:
        self._schedule.hint(extension)
        holders = [lane for lane in self._lanes if lane.person == extension]
        for lane in holders or self._lanes:
            lane.wake()

    def renew(self) -> None:
        """The site file was reread: begin anew with it."""
        self._renewed.set()

    async def run(self) -> None:
        """Work until cancelled."""
        while True:
            self._renewed.clear()
            self._begin()
            server = self._site().mail.imap
            if server is None or not self._asked:
                await self._renewed.wait()
                continue
            self.hint_all()
            async with asyncio.TaskGroup() as group:
                self._lanes = [Lane(self._open) for _ in range(server.connections)]
                tasks = [group.create_task(self._work(lane)) for lane in self._lanes]
                tasks.append(group.create_task(self._watch(server)))
                await self._renewed.wait()
                for task in tasks:
                    task.cancel()

    def _begin(self) -> None:
        site = self._site()
        people = () if site.mail.imap is None else site.people
        self._asked = {it.extension: it for it in people if site.read_is_heard_of(it)}
        self._schedule = Schedule(self._clock)
        self._lanes = []
        self._memories = {it: self._memory() for it in self._asked}
        self._server_rest = Rest(*_SERVER_RESTS, self._clock)
        self._login_rest = Rest(*_LOGIN_RESTS, self._clock)
        self._first_login = asyncio.Lock()
        self._login_proven = False
        self._refusals = 0  # since a log-in succeeded
        self._visited = 0
        self.statistics.people = len(self._asked)

    def _memory(self) -> Memory:
        return Memory(Rest(*_LOGIN_RESTS, self._clock))

    async def _work(self, lane: Lane) -> None:
        try:
            while True:
                if rest := max(self._server_rest.left, self._login_rest.left):
                    await asyncio.sleep(rest)
                    continue
                self._schedule.changed.clear()
                others = {it.person for it in self._lanes if it.waits and it is not lane}
                held = {it for it in others if it is not None}
                person = self._schedule.take(lane.person, held)
                if person is not None:
                    await self._visit(lane, self._asked[person])
                else:
                    await self._wait(lane, self._schedule.next_due(held))
        finally:
            lane.abort()

    async def _visit(self, lane: Lane, person: Person) -> None:
        """One turn; whatever happens, the person gets another."""
        memory = self._memories[person.extension]
        again: float | None = memory.login_rest.left
        try:
            if not again:
                again = await self._attempt(lane, person, memory)
        finally:
            self._schedule.give_back(person.extension, again)
            self.statistics.connections = sum(it.connected for it in self._lanes)

    async def _attempt(self, lane: Lane, person: Person, memory: Memory) -> float | None:
        """A visit; returns the seconds until the next."""
        try:
            outcome = await self._over(lane, person, memory)
        except ImapLoginRefused as error:
            seconds = self._refused(memory)
            await lane.close()
            self._trouble(person, error, then=f"again in {seconds:.0f} s, or at SIGHUP")
            return seconds
        except ImapUnreachable as error:
            await lane.close()
            alone = memory.others not in {None, self._visited}
            memory.others = self._visited
            if alone:
                return self._failed(person, memory, error)
            self._trouble(person, error)
            return self._server_rest.fail()
        except (MailError, LedgerError) as error:
            return self._failed(person, memory, error)
        except Exception as error:  # a fault of ours must not keep anybody from the others
            self._log.exception("visit failed", extension=person.extension)
            return self._failed(person, memory, error)
        memory.failures, memory.others = 0, None
        if lane.connected:
            self._visited += 1
            memory.login_rest.succeed()
            if self._server_rest.succeed():
                self.hint_all()
        return outcome.again

    async def _over(self, lane: Lane, person: Person, memory: Memory) -> Outcome:
        """A visit over this lane. A kept connection that turns out dead is made anew, once."""
        kept = lane.connected
        try:
            outcome = await self._visitor.visit(person, memory, lane.session_for)
        except ImapUnreachable:
            if not kept:
                raise
            await lane.close()
            outcome = await self._visitor.visit(person, memory, lane.session_for)
        if outcome.open:
            lane.person = person.extension
        elif lane.person == person.extension:
            await lane.close()
        return outcome

    async def _open(self, session: ImapSession) -> None:
        """Log in. With one account for all, an attempt is made alone until one has succeeded."""
        if session.server.access == "own" or self._login_proven:
            await apart(session.open)
            return
        async with self._first_login:
            if self._login_rest.left:
                raise ImapUnreachable("the log-in was refused a moment ago")
            await apart(session.open)
            self._login_proven, self._refusals = True, 0
            self._login_rest.succeed()

    def _refused(self, memory: Memory) -> float:
        """A log-in was refused; returns the seconds until the next attempt for this person.

        Of one account for all it may be this person's alone, who has no mail account there. When
        it is refused for two in a row who never were before, all rest.
        """
        server = self._site().mail.imap
        if server is not None and server.access != "own" and not memory.login_rest.failed:
            self._login_proven = False
            self._refusals += 1
            if self._refusals > 1:
                self._login_rest.fail()
        return max(memory.login_rest.fail(), self._login_rest.left)

    async def _wait(self, lane: Lane, seconds: float | None) -> None:
        """Until somebody is due, or there are news."""
        person = lane.person
        if person is None or not lane.connected:
            await set_within(self._schedule.changed, seconds)
            return
        mail = self._memories[person].mail
        try:
            news = await lane.wait(seconds, None if mail is None else mail.inbox_now)
        except (ImapUnreachable, ImapRefused):
            await lane.close()
            news = True
        if news:
            self._schedule.hint(person)

    async def _watch(self, server: ImapServer) -> None:
        """Look for changes in the mailboxes' folders that nobody told of."""
        while True:
            await asyncio.sleep(server.period)
            for extension in await apart(self._changed_mailboxes):
                self._hint(extension)
            self.statistics.resting = sum(
                memory.login_rest.left > 0 for memory in self._memories.values()
            )

    def _changed_mailboxes(self) -> list[str]:
        sides = [(it, memory.telephone) for it, memory in self._memories.items()]
        return [it for it, side in sides if side is not None and side.has_changed()]

    def _failed(self, person: Person, memory: Memory, error: Exception) -> float:
        self._trouble(person, error)
        memory.failures += 1
        server = self._site().mail.imap
        period = 30.0 if server is None else server.period
        return min(period * 2.0 ** min(memory.failures - 1, 10), _LONGEST_PUT_OFF)

    def _trouble(self, person: Person, error: Exception, **more: str) -> None:
        self.statistics.note_trouble(self._now(), str(error))
        self._log.warning("visit", extension=person.extension, reason=str(error), **more)
