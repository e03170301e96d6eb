"""Reads PDUs as AT+CMGR and AT+CMGL give them, the SMSC's address first."""

from __future__ import annotations

from sms.errors import BadPdu
from sms.pdu import timestamp
from sms.pdu.address import read_address, read_service_centre
from sms.pdu.data_coding import DataCoding, read_data_coding
from sms.pdu.octets import Octets
from sms.pdu.status import read_status
from sms.pdu.timestamp import read_timestamp
from sms.pdu.user_data import UserData, read_user_data
from sms.pdu.values import Deliver, StatusReport, Submitted

_KIND, _HAS_HEADER = 0b11, 0x40
_SUBMIT, _STATUS_REPORT = 0b01, 0b10
_REPORT_WANTED = 0x20
_NO_VALIDITY, _RELATIVE_VALIDITY = 0b00, 0b10


def decode_pdu(pdu: str) -> Deliver | StatusReport:
    """A text or a status report that came in.

    pdu: in hex.

    Raises:
        BadPdu: it cannot be read, or is neither.
    """
    octets = Octets.of_hex(pdu)
    service_centre = read_service_centre(octets)
    first = octets.one("the first octet")
    kind = first & _KIND
    if kind == _STATUS_REPORT:
        return _status_report(octets)
    if kind == _SUBMIT:
        raise BadPdu("it is no text that came in, but one to send (SMS-SUBMIT)")
    # The reserved kind is to be read like SMS-DELIVER (9.2.3.1).
    return _deliver(octets, first, service_centre)


def decode_submit(pdu: str) -> Submitted:
    """A part as it was given to AT+CMGS.

    pdu: in hex.

    Raises:
        BadPdu: it cannot be read, or is no SMS-SUBMIT.
    """
    octets = Octets.of_hex(pdu)
    read_service_centre(octets)
    first = octets.one("the first octet")
    if first & _KIND != _SUBMIT:
        raise BadPdu(f"it is no text to send: its first octet is 0x{first:02X}")
    reference = octets.one("TP-MR")
    number = read_address(octets, "TP-DA")
    octets.one("TP-PID")
    data_coding = octets.one("TP-DCS")
    validity = _validity(octets, first >> 3 & 0b11)
    coding = read_data_coding(data_coding)
    data = _user_data(octets, coding, first)
    return Submitted(
        number=number,
        reference=reference,
        report=bool(first & _REPORT_WANTED),
        validity=validity,
        body=data.body,
        trouble=data.trouble,
        concat=data.header.concat,
        message_class=coding.message_class,
        data_coding=data_coding,
    )


def _deliver(octets: Octets, first: int, service_centre: str | None) -> Deliver:
    sender = read_address(octets, "TP-OA")
    protocol = octets.one("TP-PID")
    data_coding = octets.one("TP-DCS")
    sent_at = read_timestamp(octets.take(timestamp.LENGTH, "TP-SCTS"))
    coding = read_data_coding(data_coding)
    data = _user_data(octets, coding, first)
    return Deliver(
        sender=sender,
        sent_at=sent_at,
        body=data.body,
        trouble=data.trouble,
        concat=data.header.concat,
        message_class=coding.message_class,
        waiting=data.header.waiting or ((coding.waiting,) if coding.waiting else ()),
        ports=data.header.ports,
        data_coding=data_coding,
        protocol=protocol,
        service_centre=service_centre,
    )


def _status_report(octets: Octets) -> StatusReport:
    reference = octets.one("TP-MR")
    number = read_address(octets, "TP-RA")
    sent_at = read_timestamp(octets.take(timestamp.LENGTH, "TP-SCTS"))
    discharged_at = read_timestamp(octets.take(timestamp.LENGTH, "TP-DT"))
    status = octets.one("TP-ST")
    state, words = read_status(status)
    return StatusReport(reference, number, state, words, status, sent_at, discharged_at)


def _user_data(octets: Octets, coding: DataCoding, first: int) -> UserData:
    length = octets.one("TP-UDL")
    return read_user_data(octets.rest(), length, coding, has_header=bool(first & _HAS_HEADER))


def _validity(octets: Octets, form: int) -> int | None:
    if form == _NO_VALIDITY:
        return None
    if form == _RELATIVE_VALIDITY:
        return octets.one("TP-VP")
    octets.take(timestamp.LENGTH, "TP-VP")
    return None
