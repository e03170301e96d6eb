"""Texts as a network delivers them to a modem: SMS-DELIVER (3GPP TS 23.040, 9.2.2.1).

All in UCS2, which is enough for a lab; it shares nothing with voxpost's own decoder.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from lab.modem_pdu import deliver_pdu

_ALONE, _JOINED = 70, 67  # characters of a part


def deliver_pdus(sender: str, body: str, at: datetime, reference: int = 0) -> list[str]:
    """The parts of a text, in hex, as AT+CMGR has them.

    Arguments:
        sender: E.164.
        at: an aware time; the network's time stamp.
        reference: 0 to 255, of a text of several parts.
    """
    content, when = body.encode("utf-16-be"), at.timestamp()
    if len(content) <= 2 * _ALONE:
        return [deliver_pdu(sender, content, when)]
    parts = list(_cut(content))
    return [
        deliver_pdu(sender, part, when, bytes((5, 0, 3, reference, len(parts), number)))
        for number, part in enumerate(parts, 1)
    ]


def _cut(content: bytes) -> Iterator[bytes]:
    while content:
        end = min(len(content), 2 * _JOINED)
        if end < len(content) and 0xD8 <= content[end - 2] <= 0xDB:
            end -= 2  # a surrogate pair stays together
        yield content[:end]
        content = content[end:]
