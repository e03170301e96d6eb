"""Takes in what one gateway brings: texts and reports, durable before it goes on."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import structlog

from ledger.arrivals import NewPart
from ledger.incoming_texts import IncomingTexts
from ledger.outgoing_texts import OutgoingTexts
from ledger.text_pieces import NewReport
from ledger.text_standing import Tell
from ledger.texts import PieceState
from mail.plain import plain
from pbx.gateways import GatewaySettings
from pbx.numbers import e164_meant
from sms.gateway import Incoming, Report
from sms.gathering import Gathering
from sms.taking_in import TakingIn

_NAME = 40
_STATES = {
    "delivered": PieceState.DELIVERED,
    "failed": PieceState.FAILED,
    "buffered": None,
}


class GatewayInbox:
    """The Inbox of sms/gateway.py, for one gateway.

    Arguments:
        taking_in: what decides what becomes of a text, as things stand now.
        came: called when there is a new e-mail to deliver.
    """

    def __init__(
        self,
        settings: GatewaySettings,
        *,
        incoming: IncomingTexts,
        outgoing: OutgoingTexts,
        taking_in: Callable[[], TakingIn],
        tell: Tell,
        now: Callable[[], float],
        came: Callable[[], None],
    ) -> None:
        self._settings = settings
        self._incoming = incoming
        self._outgoing = outgoing
        self._taking_in = taking_in
        self._tell = tell
        self._now = now
        self._came = came
        self._reports = Gathering(self._write_reports)
        self._log = structlog.get_logger(part="sms").bind(gateway=settings.name)

    async def received(self, text: Incoming) -> None:
        """Take a text in. Durable once it returns.

        Raises:
            LedgerError: it was not taken.
        """
        concat = text.concat
        part = NewPart(
            gateway=self._settings.name,
            key=text.key,
            raw=text.raw,
            sender=plain(text.sender, _NAME),
            own_number=text.own_number or self._settings.number,
            sent_at=text.sent_at,
            body=text.body,
            trouble=text.trouble,
            reference=None if concat is None else concat.reference,
            total=None if concat is None else concat.total,
            number=None if concat is None else concat.number,
        )
        taken = await self._incoming.take_in(part, self._now(), self._taking_in().decide)
        if taken is not None:
            mails = [entry.recipient for entry in taken.mails]
            self._log.info("came in", number=taken.number, mails=mails)
            self._came()

    async def reported(self, report: Report) -> None:
        """Take a report in. Durable once it returns.

        Raises:
            LedgerError: it was not taken.
        """
        if report.number is None:
            await self._reports.add(report)
            return
        # A reference that comes again: the number says whose it is, as the network writes it.
        country = self._taking_in().site.site.country
        await self._outgoing.reported(
            self._settings.name,
            report.reference,
            _STATES[report.state],
            report.words,
            self._now(),
            number=e164_meant(report.number, country) or report.number,
            tell=self._tell,
        )

    async def _write_reports(self, reports: Sequence[Report]) -> None:
        # Of two of one piece the one that says more counts: it is delivered, or it failed.
        ordered = sorted(reports, key=lambda it: _STATES[it.state] is not None)
        said = {it.reference: NewReport(_STATES[it.state], it.words) for it in ordered}
        await self._outgoing.reported_many(self._settings.name, said, self._now(), self._tell)
