"""Submits pieces over a link, and tells their fate from the SMSC's answer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from pbx.backoff import Backoff
from pbx.gateways import SmppGateway
from pbx.waiting import set_within
from sms.gateway import Fate, NotNow, Outgoing, Refused, Sent, Unknown
from sms.gateways.smpp.errors import NoAnswer
from sms.gateways.smpp.outgoing import submit_of
from sms.gateways.smpp.pdu import Command, Pdu, first_string
from sms.gateways.smpp.references import References
from sms.gateways.smpp.session import Session, answers
from sms.gateways.smpp.status import NOT_BOUND, OK, Meaning, meaning_of, words_of
from sms.gateways.tries import Bounds

_SLOWER: Bounds = (0.5, 8.0)  # where the SMSC says that we are too fast
_PROBE_WITHIN = 15.0  # seconds; a send answers within a minute in all


class Submitting:
    """Submits one after the other or many at once, never one twice.

    What goes to an SMSC that stands still becomes unknown, and a person must look at it. So after
    a submit_sm that nobody answered one at a time goes, and, as long as none is answered, after
    growing pauses.

    Arguments:
        session: the bound link, or None.
        stalled: the pauses.
        failed: told of each trouble.
        clock: seconds that only go forward.
    """

    def __init__(
        self,
        settings: SmppGateway,
        references: References,
        *,
        session: Callable[[], Session | None],
        stalled: Bounds,
        failed: Callable[[str], None],
        clock: Callable[[], float],
    ) -> None:
        self._settings = settings
        self._references = references
        self._session = session
        self._stalled = Backoff(*stalled, lambda: 1.0)
        self._failed = failed
        self._clock = clock
        self._sure = True
        self._answered = asyncio.Event()
        self._still_until = 0.0
        self._slower = Backoff(*_SLOWER, lambda: 1.0)
        self._paused_until = 0.0
        self.under_way = 0

    @property
    def stands_still(self) -> bool:
        """Whether nothing is submitted for a while, as nothing was answered."""
        return self._clock() < self._still_until

    async def send(self, outgoing: Outgoing) -> Fate:
        settings = self._settings
        try:
            message = submit_of(outgoing, settings.number, settings.default_alphabet).encode()
        except ValueError as error:
            return Refused(str(error), elsewhere=True)
        await self._until_fast_enough()
        if not await self._may_go():
            return NotNow("the SMSC left a text unanswered", gateway_down=True)
        session = self._session()
        if session is None or session.ended:
            return NotNow("not connected" if session is None else session.ended, gateway_down=True)
        probes = not self._sure
        self.under_way += 1
        self._answered.clear()
        try:
            answer = await session.ask(Command.SUBMIT_SM, message)
        except NoAnswer as error:
            return self._unanswered(error, probes=probes)
        finally:
            self.under_way -= 1
            self._answered.set()
        self._sure = True
        self._stalled.reset()
        return self._fate(answer, session)

    async def _may_go(self) -> bool:
        if not self._sure and self.under_way:
            await set_within(self._answered, _PROBE_WITHIN)
        return not self.stands_still and (self._sure or not self.under_way)

    def _unanswered(self, error: NoAnswer, *, probes: bool) -> Fate:
        self._failed(str(error))
        if not error.written:
            return NotNow(str(error), gateway_down=True)
        self._sure = False
        if probes:
            self._still_until = self._clock() + self._stalled.next_delay()
        return Unknown(f"it was given to the SMSC, which did not answer: {error}")

    def _fate(self, answer: Pdu, session: Session) -> Fate:
        status = answer.status
        if status == OK and not answers(answer, Command.SUBMIT_SM):
            return Unknown("the SMSC answered it with something else")
        if status == OK:
            self._slower.reset()
            return Sent(self._references.sent(first_string(answer.body)))
        words = f"the SMSC refuses it: {words_of(status)}"
        self._failed(words)
        if status == NOT_BOUND:
            session.end(words)
        match meaning_of(status):
            case Meaning.SLOWER:
                self._slow_down()
                return NotNow(words)
            case Meaning.BROKEN:
                return NotNow(words, gateway_down=True)
            case Meaning.LATER:
                return NotNow(words)
            case Meaning.NEVER:
                return Refused(words, elsewhere=True)

    def _slow_down(self) -> None:
        now = self._clock()
        if now >= self._paused_until:  # the whole window is throttled for one reason
            self._paused_until = now + self._slower.next_delay()

    async def _until_fast_enough(self) -> None:
        left = self._paused_until - self._clock()
        if left > 0:
            await asyncio.sleep(left)
