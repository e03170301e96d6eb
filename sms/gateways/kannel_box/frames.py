"""The frames between bearerbox and its boxes. Pure.

A frame is four octets of length and a packed message: four octets that say which, then its fields
in the order in which Kannel 1.4.5 declares them. An integer is four octets, most significant first;
a string is the integer of its length, -1 for none, and its octets. What bearerbox and mtbatch were
seen to send.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from typing import TypeAlias

from sms.gateways.kannel_box.errors import BadFrame

LONGEST = 1_000_000
"""Octets of a frame; a text with all that goes with it has less than a thousand."""
NOTHING = -1
"""An integer that says nothing."""

_INTEGER = struct.Struct(">i")


class Kind(IntEnum):
    HEARTBEAT = 0
    ADMIN = 1
    SMS = 2
    ACK = 3
    WDP_DATAGRAM = 4


class Command(IntEnum):
    """Of an admin message."""

    SHUTDOWN = 0
    SUSPEND = 1
    RESUME = 2
    IDENTIFY = 3
    RESTART = 4


class SmsType(IntEnum):
    MO = 0
    """A text that came in."""
    MT_REPLY = 1
    MT_PUSH = 2
    """A text that is to go out."""
    REPORT_MO = 3
    """What the network says of one that went out."""
    REPORT_MT = 4


class Nack(IntEnum):
    """What an ack says."""

    SUCCESS = 0
    FAILED = 1
    FAILED_FOR_NOW = 2
    BUFFERED = 3


@dataclass(frozen=True, slots=True)
class Heartbeat:
    load: int = 0


@dataclass(frozen=True, slots=True)
class Admin:
    command: int
    box_id: bytes | None = None


@dataclass(frozen=True, slots=True)
class Ack:
    """nack: of `Nack`. id: of the Sms that it answers."""

    nack: int
    time: int
    id: bytes | None


@dataclass(frozen=True, slots=True)
class Sms:
    """A text or a report. What stands in the frame and is of no use here is nothing.

    Arguments:
        id: 36 characters of a UUID.
        coding: 0 for GSM's alphabet, 1 for data, 2 for UCS2.
        dlr_mask: which reports are wanted; in a report, which one it is.
    """

    sms_type: int
    id: bytes | None
    sender: bytes | None = None
    receiver: bytes | None = None
    header: bytes | None = None
    data: bytes | None = None
    time: int = NOTHING
    smsc_id: bytes | None = None
    service: bytes | None = None
    account: bytes | None = None
    coding: int = NOTHING
    dlr_mask: int = NOTHING
    dlr_url: bytes | None = None
    charset: bytes | None = None
    box_id: bytes | None = None


Frame: TypeAlias = Heartbeat | Admin | Ack | Sms | None
"""None: of a kind that boxes for texts have no use for."""


def encode(frame: Heartbeat | Admin | Ack | Sms) -> bytes:
    """A frame with its length."""
    match frame:
        case Sms():
            body = _encode_sms(frame)
        case Ack():
            body = struct.pack(">iii", Kind.ACK, frame.nack, frame.time) + _string(frame.id)
        case Admin():
            body = struct.pack(">ii", Kind.ADMIN, frame.command) + _string(frame.box_id)
        case Heartbeat():
            body = struct.pack(">ii", Kind.HEARTBEAT, frame.load)
    return _INTEGER.pack(len(body)) + body


_NO_STRING = _INTEGER.pack(NOTHING)
_SIX = struct.Struct(">6i")
_THREE = struct.Struct(">3i")


def _encode_sms(sms: Sms) -> bytes:
    return b"".join(
        (
            _INTEGER.pack(Kind.SMS),
            _string(sms.sender),
            _string(sms.receiver),
            _string(sms.header),
            _string(sms.data),
            _INTEGER.pack(sms.time),
            _string(sms.smsc_id),
            _NO_STRING * 2,  # smsc_number, foreign_id
            _string(sms.service),
            _string(sms.account),
            _string(sms.id),
            # sms_type, mclass, mwi, coding, compress, validity
            _SIX.pack(sms.sms_type, NOTHING, NOTHING, sms.coding, NOTHING, NOTHING),
            _INTEGER.pack(NOTHING),  # deferred
            _INTEGER.pack(sms.dlr_mask),
            _string(sms.dlr_url),
            _THREE.pack(NOTHING, NOTHING, NOTHING),  # pid, alt_dcs, rpi
            _string(sms.charset),
            _string(sms.box_id),
            # binfo, msg_left, priority, resend_try, resend_time, meta_data
            _SIX.pack(*(NOTHING,) * 6),
        )
    )


def _string(octets: bytes | None) -> bytes:
    return _NO_STRING if octets is None else _INTEGER.pack(len(octets)) + octets


def decode(body: bytes) -> Frame:
    """The message of a frame, without its length. What a later Kannel adds at its end is left.

    Raises:
        BadFrame: it is none.
    """
    fields = _Fields(body)
    match fields.integer():
        case Kind.HEARTBEAT:
            return Heartbeat(fields.integer())
        case Kind.ADMIN:
            return Admin(fields.integer(), fields.string())
        case Kind.ACK:
            return Ack(fields.integer(), fields.integer(), fields.string())
        case Kind.SMS:
            return _decode_sms(fields)
        case Kind.WDP_DATAGRAM:
            return None
        case kind:
            raise BadFrame(f"a message of kind {kind}")


def _decode_sms(fields: _Fields) -> Sms:
    sender, receiver, header, data = (fields.string() for _ in range(4))
    time = fields.integer()
    smsc_id, _, _, service, account, identity = (fields.string() for _ in range(6))
    sms_type, _, _, coding, _, _, _, dlr_mask = (fields.integer() for _ in range(8))
    dlr_url = fields.string()
    for _ in range(3):
        fields.integer()
    charset, box_id = fields.string(), fields.string()
    return Sms(
        sms_type=sms_type,
        id=identity,
        sender=sender,
        receiver=receiver,
        header=header,
        data=data,
        time=time,
        smsc_id=smsc_id,
        service=service,
        account=account,
        coding=coding,
        dlr_mask=dlr_mask,
        dlr_url=dlr_url,
        charset=charset,
        box_id=box_id,
    )


class _Fields:
    """Reads one field after the other."""

    def __init__(self, body: bytes) -> None:
        self._body = body
        self._at = 0

    def integer(self) -> int:
        try:
            (value,) = _INTEGER.unpack_from(self._body, self._at)
        except struct.error:
            raise BadFrame(f"a message of {len(self._body)} octets ends too soon") from None
        self._at += 4
        return int(value)

    def string(self) -> bytes | None:
        length = self.integer()
        if length == NOTHING:
            return None
        end = self._at + length
        if length < 0 or end > len(self._body):
            raise BadFrame(f"a string of {length} octets in a message of {len(self._body)}")
        octets = self._body[self._at : end]
        self._at = end
        return octets


class Frames:
    """Cuts what comes over a link into frames."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, octets: bytes) -> Iterator[bytes]:
        """The bodies of the frames that are whole now. To be read to its end.

        Raises:
            BadFrame: what comes is no frame.
        """
        octets = self._rest + octets
        at = 0
        while at + 4 <= len(octets):
            (length,) = _INTEGER.unpack_from(octets, at)
            if not 0 <= length <= LONGEST:
                raise BadFrame(f"a frame of {length} octets")
            if at + 4 + length > len(octets):
                break
            yield octets[at + 4 : at + 4 + length]
            at += 4 + length
        self._rest = octets[at:]
