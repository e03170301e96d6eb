"""What the AGI scripts may ask of voxpost."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from agi.services import MissedCall, OfficeState, TextWanted
from mail.handover import Handover
from mail.missed_calls import CallerId, MissedCalls
from pbx.model import Site
from pbx.numbers import Extension, Mailbox

SendText = Callable[[TextWanted], Awaitable[str]]


async def no_texts(_: TextWanted) -> str:
    """The answer of a site without [sms]."""
    return "no-gateway"


class SiteServices:
    """Answers from the site file, and hands over to the ledger.

    Arguments:
        texts: asks for a text; returns why it is refused, or nothing.
    """

    def __init__(
        self,
        site: Callable[[], Site],
        handover: Handover,
        missed_calls: MissedCalls,
        texts: SendText,
    ) -> None:
        self._texts = texts
        self._site = site
        self._handover = handover
        self._missed_calls = missed_calls

    def now(self) -> datetime:
        return datetime.now(UTC)

    def office_state(self, now: datetime) -> OfficeState:
        site = self._site()
        office = site.office
        if office is None:
            return OfficeState(open=True, reason="no office in the site file")
        if site.office_is_open(now):
            return OfficeState(
                open=True,
                greeting=office.open_greeting or "",
                destination=office.open_destination,
                reason="office hours",
            )
        return OfficeState(
            open=False,
            greeting=office.closed_greeting or "",
            destination=office.closed_destination,
            reason="outside office hours",
        )

    async def hand_over_voicemail(self, mailbox: str) -> int:
        return await self._handover.mailbox(Mailbox(mailbox))

    async def hand_over_missed_call(self, missed: MissedCall) -> None:
        await self._missed_calls.hand_over(
            Extension(missed.extension),
            CallerId(missed.caller_number, missed.caller_name),
            missed.unique_id,
            missed.at.timestamp(),
        )

    async def send_text(self, wanted: TextWanted) -> str:
        return await self._texts(wanted)
