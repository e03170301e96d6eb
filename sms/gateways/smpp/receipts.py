"""Delivery receipts: what became of a text, in words or in optional parameters.

SMPP 3.4 leaves the words to the SMSC; nearly all follow its appendix B.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, TypeAlias

from sms.alphabet import decode_ucs2
from sms.gateways.smpp.message import Message, Option

State: TypeAlias = Literal["delivered", "failed", "buffered"]

_KIND = 0x3C
"""The bits of esm_class that say what it is, 5.2.12."""
_RECEIPT, _INTERMEDIATE = 0x04, 0x20
_STATES: dict[str, State] = {
    "DELIVRD": "delivered",
    "EXPIRED": "failed",
    "DELETED": "failed",
    "UNDELIV": "failed",
    "REJECTD": "failed",
    "UNKNOWN": "failed",
}
"""What is not here is still on its way: ENROUTE, ACCEPTD, and what an SMSC makes up."""
_NUMBERED: dict[int, str] = {
    1: "ENROUTE",
    2: "DELIVRD",
    3: "EXPIRED",
    4: "DELETED",
    5: "UNDELIV",
    6: "ACCEPTD",
    7: "UNKNOWN",
    8: "REJECTD",
}
"""message_state, 5.2.28."""
_FIELD = re.compile(r"\b(id|stat|err)\s*:\s*([^\s:]+)", re.IGNORECASE)
_TEXT = re.compile(r"\btext\s*:", re.IGNORECASE)
_MOST_WORDS = 60
_UCS2 = 8


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a text. reference: the SMSC's ID as it wrote it; empty where it has none."""

    reference: str
    state: State
    words: str


def read_receipt(message: Message) -> Receipt | None:
    """The receipt that this is; None where it is a text."""
    kind = message.esm_class & _KIND
    named = message.options.get(Option.RECEIPTED_MESSAGE_ID)
    state = message.options.get(Option.MESSAGE_STATE)
    if kind not in {_RECEIPT, _INTERMEDIATE} and not (named and state):
        return None
    fields = _fields(message)
    reference = _c_string(named) if named else fields.get("id", "")
    word = _NUMBERED.get(state[-1], f"STATE {state[-1]}") if state else ""
    word = word or fields.get("stat", "").upper()[:7]
    error = fields.get("err", "")
    words = f"{word}, error {error}" if error.strip("0") else word
    meaning: State = "buffered" if kind == _INTERMEDIATE else _STATES.get(word, "buffered")
    return Receipt(reference, meaning, words[:_MOST_WORDS])


def _fields(message: Message) -> dict[str, str]:
    """The fields before the text, in which a person may have written anything."""
    octets = message.octets
    words = decode_ucs2(octets) if message.data_coding == _UCS2 else octets.decode("latin-1")
    head = _TEXT.split(words.replace("\0", " "), maxsplit=1)[0]
    found: dict[str, str] = {}
    for name, value in _FIELD.findall(head):
        found.setdefault(name.lower(), value)
    return found


def _c_string(octets: bytes) -> str:
    return octets.partition(b"\0")[0].decode("latin-1").strip()
