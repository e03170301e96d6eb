"""What became of a text, by TP-Status (3GPP TS 23.040, 9.2.3.15)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

State = Literal["delivered", "failed", "buffered"]

_SERVICE_REJECTED = 0x63
_COMPLETED: Mapping[int, tuple[State, str]] = {
    0x00: ("delivered", "received"),
    0x01: ("delivered", "passed on, but nobody confirms that it was received"),
    0x02: ("failed", "replaced by another text"),
}
_TEMPORARY: Mapping[int, str] = {
    0x00: "the network is overloaded",
    0x01: "the phone is busy",
    0x02: "the phone does not answer",
    0x03: "the service was rejected",
    0x04: "the quality of service is not available",
    0x05: "the phone reports an error",
}
_PERMANENT: Mapping[int, str] = {
    0x40: "the networks do not understand each other",
    0x41: "the phone cannot take texts",
    0x42: "the phone refuses it",
    0x43: "the number cannot be obtained",
    0x44: "the quality of service is not available",
    0x45: "the networks do not work together",
    0x46: "the phone could not be reached before the text expired",
    0x47: "deleted by its sender",
    0x48: "deleted by the operator",
    0x49: "the operator does not know the text",
}
_OWN = "a reason of the operator's own"


def read_status(code: int) -> tuple[State, str]:
    """What TP-ST means, and words for it. code: 0 to 255; reserved ones are service rejected."""
    state, words = _meaning(code) or _meaning(_SERVICE_REJECTED) or ("failed", "")
    return state, f"{words} (TP-ST 0x{code:02X})"


def _meaning(code: int) -> tuple[State, str] | None:
    if code >= 0x80:
        return None
    own = bool(code & 0x10)
    match code >> 5:
        case 0:
            return ("delivered", _OWN) if own else _COMPLETED.get(code)
        case 1 if words := _OWN if own else _TEMPORARY.get(code & 0x1F):
            return "buffered", f"{words}; the operator goes on trying"
        case 2 if words := _OWN if own else _PERMANENT.get(code):
            return "failed", words
        case 3 if words := _OWN if own else _TEMPORARY.get(code & 0x1F):
            return "failed", f"{words}; the operator has given up"
    return None
