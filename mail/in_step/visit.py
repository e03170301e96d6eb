"""One visit to one person: look at both sides, decide, act, and write down what is agreed on."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from ledger.in_step import InStep, Standing
from mail.aftercare import MailboxActions
from mail.imap.session import ImapSession
from mail.in_step.account import Account, account_of
from mail.in_step.carrier import AGAIN_SOON, Carrier, Scene
from mail.in_step.mailbox import MailSide
from mail.in_step.memory import Memory
from mail.in_step.statistics import InStepStatistics
from mail.in_step.telephone import NoMailbox, TelephoneSide
from pbx.apart import apart
from pbx.model import Site
from pbx.numbers import Mailbox
from pbx.people import Person

_ON_ITS_WAY = 2.0  # seconds; a mail is mostly delivered within them, and else looked for less often
_QUIET = 10  # periods between two visits where all is read and heard

SessionFor = Callable[[Account], Awaitable[ImapSession]]


@dataclass(frozen=True, slots=True)
class Outcome:
    """When to visit again, in seconds; None: when there are news. open: there are pairs."""

    again: float | None
    open: bool = False


class Visitor:
    """Makes visits. Arguments: now in seconds since 1970, clock in seconds, only forward."""

    def __init__(
        self,
        *,
        site: Callable[[], Site],
        ledger: InStep,
        actions: MailboxActions,
        statistics: InStepStatistics,
        now: Callable[[], float],
        clock: Callable[[], float],
    ) -> None:
        self._site = site
        self._ledger = ledger
        self._actions = actions
        self._statistics = statistics
        self._now = now
        self._clock = clock

    async def visit(self, person: Person, memory: Memory, session_for: SessionFor) -> Outcome:
        """Bring one person's mails and messages in step.

        Raises:
            MailError: a side cannot be asked now, or not like this; nothing is lost by that.
            LedgerError: what was done is not written down; it is found done the next time.
        """
        site = self._site()
        account = account_of(site, person)
        where = person.mailbox(site.voicemail.context)
        if account is None or where is None:
            return Outcome(None)
        telephone = self._telephone(site, where, memory)
        try:
            heard = await apart(telephone.look)
        except NoMailbox:
            if await self._ledger.open_pairs(person.extension):
                raise
            return Outcome(None)  # nobody was ever called
        arrival = await self._open(heard, memory, account.server.period)
        pairs = await self._ledger.open_pairs(person.extension)
        if not pairs:
            return Outcome(arrival)
        if memory.mail is None or memory.mail.account != account:
            memory.mail = MailSide(account, self._clock)
        mail = memory.mail
        session = await session_for(account)
        sightings = await apart(lambda: mail.look(session, pairs))
        scene = Scene(telephone, heard, mail, sightings, session, site.when_deleted_of(person))
        carrier = Carrier(
            scene,
            memory,
            actions=self._actions,
            statistics=self._statistics,
            now=self._now,
            clock=self._clock,
        )
        try:
            await carrier.carry(pairs)
        finally:
            await self._ledger.settle(carrier.changed, self._now())
        self._statistics.visits += 1
        self._statistics.last_visit = self._now()
        return _outcome(account.server.period, carrier, arrival)

    def _telephone(self, site: Site, where: Mailbox, memory: Memory) -> TelephoneSide:
        spool = site.asterisk.spool_dir
        known = memory.telephone
        if known is None or (known.spool, known.where) != (spool, where):
            known = memory.telephone = TelephoneSide(spool, where, self._now)
        return known

    async def _open(self, heard: Mapping[str, bool], memory: Memory, period: float) -> float | None:
        """Pair what is on the telephone with the mails delivered.

        Returns: in how many seconds to look for one that is still on its way; None: there is none.
        """
        memory.settled &= heard.keys()
        strange = heard.keys() - memory.settled
        standing = await self._ledger.standing(strange) if strange else Standing()
        if standing.delivered:
            await self._ledger.open(standing.delivered, self._now())
        memory.settled |= standing.settled
        memory.waits = memory.waits + 1 if standing.awaited else 0
        if not memory.waits:
            return None
        return min(_ON_ITS_WAY * 2.0 ** min(memory.waits - 1, 10), max(period, _ON_ITS_WAY))


def _outcome(period: float, carrier: Carrier, arrival: float | None) -> Outcome:
    """When both sides are looked at again."""
    if not carrier.left:
        return Outcome(arrival)
    again = period * _QUIET if carrier.all_read else period
    if carrier.unfinished:
        again = min(again, AGAIN_SOON)
    return Outcome(again if arrival is None else min(again, arrival), open=True)
