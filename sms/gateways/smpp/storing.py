"""Brings what an SMSC delivers to the inbox, and says what to answer."""

from __future__ import annotations

from collections.abc import Callable

import structlog

from ledger.errors import LedgerError
from sms.gateway import Inbox, Report
from sms.gateways.smpp.addresses import e164
from sms.gateways.smpp.brought import Brought
from sms.gateways.smpp.coding import DefaultAlphabet
from sms.gateways.smpp.errors import NotSmpp
from sms.gateways.smpp.incoming import incoming_of
from sms.gateways.smpp.message import Message, read_message
from sms.gateways.smpp.pdu import Pdu
from sms.gateways.smpp.receipts import Receipt, read_receipt
from sms.gateways.smpp.references import References
from sms.gateways.smpp.status import OK, TEMPORARY


class Storing:
    """Takes deliveries in: durable first, answered then.

    now: seconds since 1970.
    """

    def __init__(
        self,
        gateway: str,
        default: DefaultAlphabet,
        references: References,
        now: Callable[[], float],
    ) -> None:
        self._default = default
        self._references = references
        self._now = now
        self.brought = Brought(now)
        self._log = structlog.get_logger(part="smpp", gateway=gateway)

    async def store(self, pdu: Pdu, inbox: Inbox, last_sequence: Callable[[], int]) -> int:
        """Store a deliver_sm or data_sm; returns the status to answer with, at once.

        last_sequence: the number of the link's last request to the SMSC.
        """
        message = _read(pdu)
        receipt = None if isinstance(message, NotSmpp) else read_receipt(message)
        try:
            if receipt is not None and isinstance(message, Message):
                await self._report(receipt, message, inbox)
            else:
                await self._text(pdu, message, inbox, last_sequence)
        except LedgerError as error:
            self._log.error("not stored: the SMSC brings it again", reason=str(error))
            return TEMPORARY
        return OK

    async def _report(self, receipt: Receipt, message: Message, inbox: Inbox) -> None:
        reference = self._references.of_receipt(receipt.reference)
        if reference is None:
            self._log.warning("a receipt that does not say of what", words=receipt.words)
            return
        number = e164(message.source)
        await inbox.reported(Report(reference, receipt.state, receipt.words, number))

    async def _text(
        self,
        pdu: Pdu,
        message: Message | NotSmpp,
        inbox: Inbox,
        last_sequence: Callable[[], int],
    ) -> None:
        arrival = self.brought.arrived(pdu.body)
        text = incoming_of(pdu, message, arrival.key, self._now(), self._default)
        try:
            await inbox.received(text)
        except LedgerError:
            self.brought.refused(arrival)
            raise
        self.brought.answered(arrival, last_sequence())


def _read(pdu: Pdu) -> Message | NotSmpp:
    try:
        return read_message(pdu.command, pdu.body)
    except NotSmpp as error:
        return error
