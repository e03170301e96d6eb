"""The little of 3GPP TS 23.040 that the lab's modem and network need: PDUs in hex, SMSC first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

SMSC = "07919471222207F0"
_INTERNATIONAL = "91"


@dataclass(frozen=True, slots=True)
class SubmitHead:
    """What the network reads of a SUBMIT.

    address: TP-DA as it stands there: length, type and digits.
    """

    address: str
    wants_report: bool


def tpdu_octets(pdu: str) -> int:
    """Octets of a PDU without its SMSC's address, as +CMGR and AT+CMGS count them.

    Raises ValueError for what is no hex.
    """
    octets = bytes.fromhex(pdu)
    return len(octets) - 1 - (octets[0] if octets else 0)


def submit_head(pdu: str) -> SubmitHead:
    """Read a SUBMIT (9.2.2.2). Raises ValueError for what is none."""
    octets = bytes.fromhex(pdu)
    tpdu = octets[1 + octets[0] :] if octets else b""
    if len(tpdu) < 4 or tpdu[0] & 0b11 != 0b01:
        raise ValueError("no SUBMIT")
    address = tpdu[2 : 4 + (tpdu[2] + 1) // 2]
    return SubmitHead(address.hex().upper(), bool(tpdu[0] & 0x20))


def number_of(pdu: str) -> str:
    """Whom a SUBMIT is for: "+628123456789". Raises ValueError."""
    address = submit_head(pdu).address
    digits = "".join(address[at + 1] + address[at] for at in range(4, len(address), 2))
    return ("+" if address[2:4] == _INTERNATIONAL else "") + digits[: int(address[:2], 16)]


def report_pdu(submit: str, reference: int, status: int, at: float) -> str:
    """A STATUS-REPORT for a SUBMIT (9.2.2.3).

    reference: TP-MR, as the modem gave it. status: TP-ST, 0 is delivered. at: seconds since 1970.
    """
    stamp = _stamp(at)
    address = submit_head(submit).address
    return f"{SMSC}06{reference:02X}{address}{stamp}{stamp}{status:02X}"


def deliver_pdu(sender: str, text: str | bytes, at: float, header: bytes = b"") -> str:
    """A DELIVER in UCS-2 (9.2.2.1).

    sender: "+628123456789". text: at most 70 UTF-16 units, the header's octets among them.
    at: seconds since 1970. header: of the user data, with its length.
    """
    digits = sender.removeprefix("+")
    kind = _INTERNATIONAL if sender.startswith("+") else "81"
    body = header + (text if isinstance(text, bytes) else text.encode("utf-16-be"))
    if len(body) > 140:
        raise ValueError("longer than 70 characters")
    address = f"{len(digits):02X}{kind}{_swapped(digits)}"
    first = "44" if header else "04"  # TP-UDHI
    return f"{SMSC}{first}{address}0008{_stamp(at)}{len(body):02X}{body.hex().upper()}"


def _stamp(at: float) -> str:
    """A time stamp in UTC (9.2.3.11)."""
    return _swapped(datetime.fromtimestamp(at, UTC).strftime("%y%m%d%H%M%S") + "00")


def _swapped(digits: str) -> str:
    """Digits as semi-octets (9.1.2.3)."""
    even = digits + "F" * (len(digits) % 2)
    return "".join(even[at + 1] + even[at] for at in range(0, len(even), 2))
