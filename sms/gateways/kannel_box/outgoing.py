"""A piece of a text as bearerbox takes it, and what its acks mean. Pure."""

from __future__ import annotations

from pbx.gateways import KannelBoxGateway
from sms.alphabet import encode_ucs2
from sms.gateway import Fate, NotNow, Outgoing, Refused, Sent, Unknown
from sms.gateways.kannel_box.frames import Nack, Sms, SmsType

_REPORTS = 1 | 2 | 16  # delivered, failed, refused by the SMSC


def sms_of(outgoing: Outgoing, settings: KannelBoxGateway, identity: str) -> Sms:
    """The frame of a piece. identity: a UUID that no other has."""
    piece = outgoing.piece
    is_wide = piece.coding == "ucs2"
    sender = outgoing.own_number or settings.number
    return Sms(
        sms_type=SmsType.MT_PUSH,
        id=identity.encode(),
        sender=None if sender is None else sender.encode(),
        receiver=outgoing.number.encode(),
        header=piece.header,
        data=encode_ucs2(piece.text) if is_wide else piece.text.encode(),
        smsc_id=None if settings.smsc is None else settings.smsc.encode(),
        coding=2 if is_wide else 0,
        dlr_mask=_REPORTS,
        # No address: what stands here comes back with the report, and names the piece.
        dlr_url=outgoing.key.encode(),
        charset=b"UTF-16BE" if is_wide else b"UTF-8",
        box_id=settings.smsbox_id.encode(),
    )


def fate_of(nack: int) -> Fate:
    """What an ack means."""
    match nack:
        case Nack.SUCCESS:
            return Sent()
        case Nack.BUFFERED:
            # It goes when an SMSC is connected, so it must not go again.
            return Sent(words="Kannel keeps it: none of its SMSCs is connected")
        case Nack.FAILED:
            return Refused("Kannel refuses it: no SMSC of it takes this number.", elsewhere=True)
        case Nack.FAILED_FOR_NOW:
            return NotNow("Kannel does not take it now")
        case _:
            return Unknown(f"Kannel says {nack}, which is no answer")
