"""SMPP: frames and bodies from an SMSC that may send anything."""

from __future__ import annotations

from endurance.fuzz.draw import Draw
from endurance.fuzz.target import Target
from sms.gateways.smpp.addresses import destination, e164
from sms.gateways.smpp.coding import read_words
from sms.gateways.smpp.errors import NotSmpp
from sms.gateways.smpp.message import Address, Message, read_message
from sms.gateways.smpp.pdu import HEADER, Command, Pdu, decode, first_string
from sms.gateways.smpp.receipts import read_receipt
from sms.gateways.smpp.references import References

_DELIVERIES = (Command.DELIVER_SM, Command.DATA_SM, Command.SUBMIT_SM)


def check_pdu(data: bytes) -> None:
    """Any octets are a text, a receipt, or an error of ours; a text is read or has a trouble."""
    try:
        pdu = decode(data)
    except NotSmpp:
        pdu = Pdu(_DELIVERIES[len(data) % 3], 0, 1, data)
    assert decode(pdu.encode()) == pdu
    assert len(pdu.encode()) == HEADER + len(pdu.body)
    assert "\0" not in first_string(pdu.body)
    for command in _DELIVERIES:
        try:
            message = read_message(command, pdu.body)
        except NotSmpp:
            continue
        _read(message)


def _read(message: Message) -> None:
    receipt = read_receipt(message)
    if receipt is not None:
        reference = References().of_receipt(receipt.reference)
        assert reference is None or reference.strip()
    for default in ("gsm7", "latin1"):
        words = read_words(message, default)
        assert words.body is not None or words.trouble
        if words.concat is not None:
            assert 1 <= words.concat.number <= words.concat.total <= 255
    number = e164(message.source)
    if number is not None:
        assert destination(number).text in message.source.text
    assert message.has_header == bool(message.esm_class & 0x40)


def check_message(data: bytes) -> None:
    """What is submitted is read again as it was meant, and nothing slips into another field."""
    draw = Draw(data)
    source = Address(draw.number(256), draw.number(256), draw.text(22))
    target = Address(draw.number(256), draw.number(256), draw.text(22))
    esm_class, coding = draw.number(256), draw.number(256)
    message = Message(source, target, draw.rest(), data_coding=coding, esm_class=esm_class)
    try:
        body = message.encode()
    except ValueError:
        return
    read = read_message(Command.SUBMIT_SM, body)
    assert (read.source, read.destination, read.octets) == (source, target, message.octets)
    assert (read.data_coding, read.esm_class) == (coding, esm_class)


_WORDS = (
    *(b"id:", b" stat:DELIVRD", b" err:000", b" text:", b"\x00\x1e\x00\x03AB\0"),
    *(b"\x04\x27\x00\x01\x02", b"\x04\x24\x00\x04", b"\x02\x0c\x00\x02\x00\x01"),
    *(b"\x02\x0e\x00\x01\x02", b"\x02\x0f\x00\x01\x01", b"\x05\x00\x03\x01\x02\x01"),
    b"\0\x01\x01628\0\x01\x01100\0\x04\0\0\0\0\0\0\0\0\x04Halo",
)

TARGETS = (
    Target("smpp-pdu", check_pdu, 600, _WORDS),
    Target("smpp-message", check_message, 600, _WORDS),
)
