"""What PDUs say."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sms.gateway import Concat
from sms.pdu.data_coding import Waiting
from sms.pdu.status import State
from sms.pdu.user_data_header import Ports


@dataclass(frozen=True, slots=True)
class Deliver:
    """A text, or a part of one, that came in (SMS-DELIVER, 9.2.2.1).

    Arguments:
        sender: "+628123456789", digits as they came, a name, or nothing.
        sent_at: as the service centre stamped it, with its time zone; None where it did not.
        body: what it says; None where that is no text.
        trouble: why body is None, or what of it may be wrong.
        concat: where it is part of a longer text.
        message_class: 0 to 3, or None.
        waiting: what waits at the operator: such a text is an indication more than a text.
        ports: where it is for a program rather than for people.
        data_coding: TP-DCS as it came.
        protocol: TP-PID as it came.
        service_centre: number of the service centre.
    """

    sender: str
    sent_at: datetime | None
    body: str | None
    trouble: str | None
    concat: Concat | None
    message_class: int | None
    waiting: tuple[Waiting, ...]
    ports: Ports | None
    data_coding: int
    protocol: int
    service_centre: str | None

    @property
    def flash(self) -> bool:
        """Whether phones show it at once, and keep it nowhere."""
        return self.message_class == 0


@dataclass(frozen=True, slots=True)
class StatusReport:
    """What became of a part that was sent (SMS-STATUS-REPORT, 9.2.2.3).

    Arguments:
        reference: TP-MR, 0 to 255, as the modem said when it sent the part.
        number: who the part was for.
        state: "buffered" while the operator goes on trying.
        words: for people.
        status: TP-ST as it came.
        sent_at: when the part came to the service centre.
        discharged_at: when its state was reached, or last tried for.
    """

    reference: int
    number: str
    state: State
    words: str
    status: int
    sent_at: datetime | None
    discharged_at: datetime | None


@dataclass(frozen=True, slots=True)
class Submitted:
    """A part as it was given to a modem (SMS-SUBMIT, 9.2.2.2).

    Arguments:
        reference: TP-MR.
        report: whether a status report is wanted.
        validity: TP-VP where it is relative: 167 is a day.
    """

    number: str
    reference: int
    report: bool
    validity: int | None
    body: str | None
    trouble: str | None
    concat: Concat | None
    message_class: int | None
    data_coding: int


@dataclass(frozen=True, slots=True)
class Submit:
    """A PDU to send. pdu: in hex. length: what AT+CMGS wants, octets without the SMSC's."""

    pdu: str
    length: int
