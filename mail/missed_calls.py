"""The hand-over of calls that nobody took."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from ledger.entries import NewEntry
from ledger.errors import LedgerError
from ledger.facts import MissedCallFacts
from ledger.outbox import Outbox
from mail.identity import message_id
from pbx.model import Site
from pbx.numbers import Extension, to_e164

_REMEMBERED = 1000  # calls that the ledger did not take
RECENT_DAYS = 7
"""How far back a caller's missed calls are counted."""


@dataclass(frozen=True, slots=True)
class CallerId:
    """Who called, as Asterisk heard it; either may be empty."""

    number: str
    name: str


class MissedCalls:
    """Hands missed calls over to the outbox.

    Arguments:
        site: called for the site file as it is now; it may be reread.
        wake: called when there is something new to deliver.
        now: seconds since 1970.
    """

    def __init__(
        self,
        *,
        site: Callable[[], Site],
        outbox: Outbox,
        now: Callable[[], float],
        wake: Callable[[], None] = lambda: None,
    ) -> None:
        self._site = site
        self._outbox = outbox
        self._now = now
        self._wake = wake
        self._unwritten: deque[tuple[Extension, CallerId, str, float]] = deque(maxlen=_REMEMBERED)

    async def hand_over(
        self, extension: Extension, caller: CallerId, unique_id: str, called_at: float
    ) -> bool:
        """Hand over a call that nobody took; False when no mail is wanted or it is known.

        Arguments:
            unique_id: Asterisk's UNIQUEID of the call.
            called_at: seconds since 1970.

        Raises:
            LedgerError: the ledger did not take it. It is remembered, for `repeat`.
        """
        try:
            return await self._hand_over(extension, caller, unique_id, called_at)
        except LedgerError:
            self._unwritten.append((extension, caller, unique_id, called_at))
            raise

    async def repeat(self) -> None:
        """Hand over what the ledger did not take: no sweep would find a missed call again.

        Raises:
            LedgerError: it still does not take it.
        """
        while self._unwritten:
            await self._hand_over(*self._unwritten[0])
            self._unwritten.popleft()

    async def _hand_over(
        self, extension: Extension, caller: CallerId, unique_id: str, called_at: float
    ) -> bool:
        site = self._site()
        person = site.by_extension.get(extension)
        if person is None or person.email is None or not person.missed_calls:
            return False
        now = self._now()
        since = now - RECENT_DAYS * 86400
        source = f"missed-call:{extension}:{unique_id}"
        facts = MissedCallFacts(
            caller_number=caller.number,
            caller_name=caller.name,
            called_at=int(called_at),
            recent=1 + await self._recent(site, extension, caller, source, since),
        )
        entry = NewEntry(
            source, person.extension, person.email, message_id(source, site.site.domain), facts
        )
        fresh = await self._outbox.add([entry], now)
        if fresh:
            structlog.get_logger(part="missed_calls").info("handed over", source=source)
            self._wake()
        return bool(fresh)

    async def _recent(
        self, site: Site, extension: Extension, caller: CallerId, source: str, since: float
    ) -> int:
        """How often this caller was missed: told by number, or by name where there is none."""

        def key(number: str, name: str) -> str:
            return to_e164(number, site.site.country) or number or name

        mine = key(caller.number, caller.name)
        if not mine:
            return 0
        entries = await self._outbox.recent(extension, MissedCallFacts.KIND, since)
        return sum(
            1
            for entry in entries
            if isinstance(entry.facts, MissedCallFacts)
            and entry.source != source
            and key(entry.facts.caller_number, entry.facts.caller_name) == mine
        )
