"""Texts as a network delivers them to a modem: SMS-DELIVER (3GPP TS 23.040, 9.2.2.1).

All in UCS2, which is enough for a lab; it shares nothing with voxpost's own decoder.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

_ALONE, _JOINED = 70, 67  # characters of a part
_SERVICE_CENTRE = "0791261801001000"  # some SMSC in Indonesia
_UCS2 = 0x08
_HAS_HEADER = 0x40


def deliver_pdus(sender: str, body: str, at: datetime, reference: int = 0) -> list[str]:
    """The parts of a text, in hex, as AT+CMGR has them.

    Arguments:
        sender: E.164.
        at: an aware time; the network's time stamp.
        reference: 0 to 255, of a text of several parts.
    """
    content = body.encode("utf-16-be")
    if len(content) <= 2 * _ALONE:
        return [_pdu(sender, at, b"", content)]
    parts = list(_cut(content))
    return [
        _pdu(sender, at, bytes((5, 0, 3, reference, len(parts), number)), part)
        for number, part in enumerate(parts, 1)
    ]


def _cut(content: bytes) -> Iterator[bytes]:
    while content:
        end = min(len(content), 2 * _JOINED)
        if end < len(content) and 0xD8 <= content[end - 2] <= 0xDB:
            end -= 2  # a surrogate pair stays together
        yield content[:end]
        content = content[end:]


def _pdu(sender: str, at: datetime, header: bytes, content: bytes) -> str:
    digits = sender.removeprefix("+")
    data = header + content
    first = 0x04 | (_HAS_HEADER if header else 0)
    octets = (
        bytes((first, len(digits), 0x91))
        + _swapped(digits)
        + bytes((0, _UCS2))
        + _time(at)
        + bytes((len(data),))
        + data
    )
    return _SERVICE_CENTRE + octets.hex().upper()


def _swapped(digits: str) -> bytes:
    """Two digits an octet, the first one in its lower half."""
    padded = digits + "F" * (len(digits) % 2)
    return bytes(int(padded[at + 1] + padded[at], 16) for at in range(0, len(padded), 2))


def _time(at: datetime) -> bytes:
    """Year to second, and the zone in quarters of an hour (9.2.3.11)."""
    offset = at.utcoffset()
    assert offset is not None, "the time must be aware"
    quarters = round(offset.total_seconds() / 900)
    zone = f"{abs(quarters):02}"
    stamp = _swapped(f"{at:%y%m%d%H%M%S}")
    sign = 0x08 if quarters < 0 else 0
    return stamp + bytes((int(zone[1] + zone[0], 16) | sign,))
