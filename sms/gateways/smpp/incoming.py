"""A deliver_sm as the inbox takes it."""

from __future__ import annotations

from sms.gateway import Incoming
from sms.gateways.smpp.addresses import shown
from sms.gateways.smpp.coding import DefaultAlphabet, read_words
from sms.gateways.smpp.errors import NotSmpp
from sms.gateways.smpp.message import Message
from sms.gateways.smpp.pdu import Pdu


def incoming_of(
    pdu: Pdu, message: Message | NotSmpp, key: str, now: float, default: DefaultAlphabet
) -> Incoming:
    """What came in. now: seconds since 1970; SMPP does not say when a text was sent."""
    raw = pdu.encode().hex()
    if isinstance(message, NotSmpp):
        return Incoming(key, raw, "", None, now, None, trouble=f"it cannot be read: {message}")
    words = read_words(message, default)
    return Incoming(
        key,
        raw,
        shown(message.source),
        shown(message.destination) or None,
        now,
        words.body,
        words.concat,
        words.trouble,
    )
