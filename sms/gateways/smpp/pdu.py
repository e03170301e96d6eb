"""PDUs of SMPP 3.4, from and to octets: the frame, and the bodies that are not of a text."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from enum import IntEnum

from sms.gateways.smpp.errors import NotSmpp

HEADER = 16
"""Octets of the header, 3.2."""
LONGEST = 70_000
"""Octets of the longest PDU that is taken: a message_payload of 64 K octets, and some more."""
RESPONSE = 0x8000_0000
"""Set in the command of an answer."""
VERSION = 0x34

_HEADER = struct.Struct(">IIII")


class Command(IntEnum):
    """The commands that are understood here, 5.1.2.1; an answer's has `RESPONSE` set too."""

    GENERIC_NACK = 0x8000_0000
    SUBMIT_SM = 0x04
    DELIVER_SM = 0x05
    UNBIND = 0x06
    BIND_TRANSCEIVER = 0x09
    ENQUIRE_LINK = 0x15
    ALERT_NOTIFICATION = 0x102
    DATA_SM = 0x103


@dataclass(frozen=True, slots=True)
class Pdu:
    """A PDU whose body is not read yet. status: 0 in a request."""

    command: int
    status: int
    sequence: int
    body: bytes = b""

    @property
    def is_answer(self) -> bool:
        return self.command >= RESPONSE

    def encode(self) -> bytes:
        size = HEADER + len(self.body)
        return _HEADER.pack(size, self.command, self.status, self.sequence) + self.body

    def answer(self, status: int = 0, body: bytes = b"") -> Pdu:
        """What answers this request."""
        return Pdu(self.command | RESPONSE, status, self.sequence, body)


def length_of(start: bytes) -> int:
    """How many octets the PDU has that begins with these four, themselves included.

    Raises:
        NotSmpp: no PDU has as few, or as many.
    """
    length = int.from_bytes(start, "big")
    if not HEADER <= length <= LONGEST:
        raise NotSmpp(f"a PDU of {length} octets cannot be")
    return length


def decode(octets: bytes) -> Pdu:
    """One whole PDU.

    Raises:
        NotSmpp: its length is another than it says.
    """
    if len(octets) < HEADER or length_of(octets[:4]) != len(octets):
        raise NotSmpp(f"{len(octets)} octets are not the PDU that they say")
    _, command, status, sequence = _HEADER.unpack_from(octets)
    return Pdu(command, status, sequence, octets[HEADER:])


def c_string(text: str, most: int, field: str) -> bytes:
    """A C-Octet String, 3.1. most: octets, the NUL included. field: its name, for the error.

    Raises:
        ValueError: it is too long, or has other than the letters and signs of ASCII.
    """
    if len(text) >= most or not text.isascii() or "\0" in text:
        raise ValueError(f"{field} must be at most {most - 1} characters of ASCII")
    return text.encode("ascii") + b"\0"


def bind(system_id: str, password: str, system_type: str) -> bytes:
    """The body of a bind, 4.1.5.

    Raises:
        ValueError: one of them is too long, or not of ASCII.
    """
    fields = (
        (system_id, 16, "system_id"),
        (password, 9, "password"),
        (system_type, 13, "system_type"),
    )
    return b"".join(c_string(*it) for it in fields) + bytes((VERSION, 0, 0, 0))


def first_string(body: bytes) -> str:
    """The string that answers begin with: the message_id of 4.4.2, the system_id of 4.1.6.

    Empty where there is none: an answer that says "taken" is one, whatever its body looks like.
    """
    return body.partition(b"\0")[0].decode("latin-1").strip()
