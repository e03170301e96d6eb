"""Texts and reports as bearerbox brings them. Pure."""

from __future__ import annotations

from sms.gateway import Incoming, Report
from sms.gateways.kannel.incoming import body_of
from sms.gateways.kannel.reports import STATES, words_of
from sms.gateways.kannel_box.frames import Sms, SmsType, encode
from sms.pdu.user_data_header import read_header

_LATEST = 2**31 - 1
_LONGEST_KEY = 80


def read_sms(sms: Sms, now: float) -> Incoming | Report | None:
    """What a frame brings; None where it is nothing of ours.

    now: seconds since 1970, where the frame has no time.
    """
    match sms.sms_type:
        case SmsType.MO:
            return _text(sms, now)
        case SmsType.REPORT_MO:
            return _report(sms)
        case _:
            return None


def _report(sms: Sms) -> Report | None:
    state = STATES.get(str(sms.dlr_mask))
    key = _readable(sms.dlr_url)
    if state is None or not key or len(key) > _LONGEST_KEY:
        return None
    return Report(key, state, words_of(sms.data or b""))


def _text(sms: Sms, now: float) -> Incoming:
    body, trouble = body_of(sms.data or b"", str(max(sms.coding, 0)), _readable(sms.charset))
    return Incoming(
        key=_readable(sms.id),
        raw=encode(sms).hex(),
        sender=_readable(sms.sender),
        own_number=_readable(sms.receiver) or None,
        sent_at=float(sms.time) if 0 < sms.time <= _LATEST else now,
        body=body,
        concat=read_header((sms.header or b"")[1:]).concat,
        trouble=trouble,
    )


def _readable(octets: bytes | None) -> str:
    return (octets or b"").decode("utf-8", "replace")
