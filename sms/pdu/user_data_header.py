"""The user data header: what stands before a text (3GPP TS 23.040, 9.2.3.24)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from sms.gateway import Concat
from sms.pdu.data_coding import Waiting, waiting_kind

_STORE = 0x80


class _Element(IntEnum):
    """The information elements that are read."""

    CONCAT_8 = 0x00
    WAITING = 0x01
    PORTS_8 = 0x04
    PORTS_16 = 0x05
    CONCAT_16 = 0x08
    SINGLE_SHIFT = 0x24
    LOCKING_SHIFT = 0x25


@dataclass(frozen=True, slots=True)
class Ports:
    """The programs that the user data is for, and from (9.2.3.24.3 and .4)."""

    destination: int
    source: int


@dataclass(frozen=True, slots=True)
class UserDataHeader:
    """What a header says. locking, single: identifiers of national languages, 0 for none."""

    concat: Concat | None = None
    ports: Ports | None = None
    waiting: tuple[Waiting, ...] = ()
    locking: int = 0
    single: int = 0


def read_header(octets: bytes) -> UserDataHeader:
    """Read a header, its length octet left out.

    A header that does not add up is ignored as a whole, an element that makes no sense by itself;
    of two that say the same the last one holds, as the standard wants it.
    """
    concat: Concat | None = None
    ports: Ports | None = None
    waiting: list[Waiting] = []
    locking = single = 0
    for kind, data in _elements(octets):
        match kind, len(data):
            case (_Element.CONCAT_8, 3) | (_Element.CONCAT_16, 4):
                concat = _concat(data) or concat
            case (_Element.PORTS_8, 2) | (_Element.PORTS_16, 4):
                half = len(data) // 2
                ports = Ports(int.from_bytes(data[:half]), int.from_bytes(data[half:]))
            case _Element.WAITING, 2:
                waiting.append(_waiting(data))
            case _Element.SINGLE_SHIFT, 1:
                single = data[0]
            case _Element.LOCKING_SHIFT, 1:
                locking = data[0]
    return UserDataHeader(concat, ports, tuple(waiting), locking, single)


def _elements(octets: bytes) -> list[tuple[int, bytes]]:
    found = []
    at = 0
    while at < len(octets):
        end = at + 2 + (octets[at + 1] if at + 1 < len(octets) else 0)
        if end > len(octets):
            return []
        found.append((octets[at], octets[at + 2 : end]))
        at = end
    return found


def _concat(data: bytes) -> Concat | None:
    *reference, total, number = data
    if not 1 <= number <= total:
        return None
    return Concat(int.from_bytes(reference), total, number)


def _waiting(data: bytes) -> Waiting:
    kind, count = data
    return Waiting(waiting_kind(kind), count > 0, discard=not kind & _STORE, count=count)
