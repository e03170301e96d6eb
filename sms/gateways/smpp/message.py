"""The bodies of submit_sm, deliver_sm and data_sm of SMPP 3.4 (4.4.1, 4.6.1, 4.7.1)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum

from sms.gateways.smpp.errors import NotSmpp
from sms.gateways.smpp.pdu import Command, c_string

UDHI = 0x40
"""In esm_class: the text begins with a user data header, 5.2.12."""
_MOST_SHORT = 254


class Option(IntEnum):
    """The optional parameters that are read here, 5.3.2."""

    RECEIPTED_MESSAGE_ID = 0x001E
    SAR_REFERENCE = 0x020C
    SAR_TOTAL = 0x020E
    SAR_NUMBER = 0x020F
    PAYLOAD = 0x0424
    MESSAGE_STATE = 0x0427


@dataclass(frozen=True, slots=True)
class Address:
    """Who sends or gets a text. ton, npi: type of number and numbering plan, 5.2.5 and 5.2.6."""

    ton: int = 0
    npi: int = 0
    text: str = ""

    def encode(self) -> bytes:
        return bytes((self.ton, self.npi)) + c_string(self.text, 21, "an address")


@dataclass(frozen=True, slots=True)
class Message:
    """A text as it goes over SMPP.

    Arguments:
        octets: short_message, or message_payload where that is used.
        registered_delivery: 1 asks for a receipt, 5.2.17.
        options: optional parameters by their tag; of one that comes twice, the last.
    """

    source: Address
    destination: Address
    octets: bytes
    data_coding: int = 0
    esm_class: int = 0
    registered_delivery: int = 0
    service_type: str = ""
    options: Mapping[int, bytes] = field(default_factory=dict)

    @property
    def has_header(self) -> bool:
        return bool(self.esm_class & UDHI)

    def encode(self) -> bytes:
        """The body of a submit_sm.

        Raises:
            ValueError: something is too long for its field.
        """
        octets, options = self.octets, dict(self.options)
        if len(octets) > _MOST_SHORT:
            octets, options[Option.PAYLOAD] = b"", octets
        return b"".join(
            (
                c_string(self.service_type, 6, "service_type"),
                self.source.encode(),
                self.destination.encode(),
                bytes((self.esm_class, 0, 0)),  # protocol_id, priority_flag
                b"\0\0",  # at once, and valid as long as the SMSC likes
                bytes((self.registered_delivery, 0, self.data_coding, 0, len(octets))),
                octets,
                *(
                    tag.to_bytes(2, "big") + len(value).to_bytes(2, "big") + value
                    for tag, value in options.items()
                ),
            )
        )


def read_message(command: int, body: bytes) -> Message:
    """Read the body of a submit_sm, deliver_sm or data_sm. Field lengths are not held against it.

    Raises:
        NotSmpp: it ends too early.
    """
    reader = _Reader(body)
    service_type = reader.string()
    source, destination = reader.address(), reader.address()
    octets = b""
    if command == Command.DATA_SM:
        esm_class, registered, coding = reader.take(3)
    else:
        esm_class, _, _ = reader.take(3)
        reader.string()  # schedule_delivery_time and validity_period mean nothing to us
        reader.string()
        registered, _, coding, _, length = reader.take(5)
        octets = reader.take(length)
    options = reader.options()
    return Message(
        source,
        destination,
        octets or options.get(Option.PAYLOAD, b""),
        data_coding=coding,
        esm_class=esm_class,
        registered_delivery=registered,
        service_type=service_type,
        options=options,
    )


class _Reader:
    """Takes fields from the front of a body."""

    def __init__(self, octets: bytes) -> None:
        self._octets = octets
        self._at = 0

    def take(self, count: int) -> bytes:
        taken = self._octets[self._at : self._at + count]
        if len(taken) < count:
            raise NotSmpp(f"the PDU ends where {count} octets should come")
        self._at += count
        return taken

    def string(self) -> str:
        end = self._octets.find(0, self._at)
        if end < 0:
            raise NotSmpp("the PDU ends inside a string")
        taken = self._octets[self._at : end]
        self._at = end + 1
        return taken.decode("latin-1")

    def address(self) -> Address:
        ton, npi = self.take(2)
        return Address(ton, npi, self.string())

    def options(self) -> dict[int, bytes]:
        """Those up to the end, or up to what is none: the text before them is worth more."""
        found: dict[int, bytes] = {}
        while len(self._octets) - self._at >= 4:
            tag, length = (int.from_bytes(self.take(2), "big") for _ in range(2))
            if len(self._octets) - self._at < length:
                break
            found[tag] = self.take(length)
        return found
