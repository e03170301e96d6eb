"""Finds the text that a receipt is of, whichever way the SMSC writes its IDs."""

from __future__ import annotations

import re
from enum import Enum, auto

_HEX = re.compile(r"[0-9a-f]{1,32}")
_REMEMBERED = 20_000


class _Way(Enum):
    """How a receipt writes the ID that the submit_sm was answered with."""

    SAME = auto()
    IN_DECIMAL = auto()
    """The answer had it in hex."""
    IN_HEX = auto()
    """The answer had it in decimal."""


class References:
    """Some SMSCs answer with an ID in hex and write it in decimal in the receipt, or the reverse.

    Which way an SMSC does it is learned from the first receipt of a text that it took lately.
    Until then IDs are taken to be the same: a guess could hit another text.
    """

    def __init__(self) -> None:
        self._known: dict[str, None] = {}
        self._way: _Way | None = None

    def sent(self, message_id: str) -> str | None:
        """The reference of a text that the SMSC took; None where it gave no ID."""
        reference = _plain(message_id)
        if not reference:
            return None
        self._known[reference] = None
        if len(self._known) > _REMEMBERED:
            del self._known[next(iter(self._known))]
        return reference

    def of_receipt(self, message_id: str) -> str | None:
        """The reference of the text that a receipt with this ID is of; None where it has none."""
        reference = _plain(message_id)
        if not reference:
            return None
        forms = _forms(reference)
        if self._way is None:
            self._way = self._learned(forms)
        return forms.get(self._way or _Way.SAME, reference)

    def _learned(self, forms: dict[_Way, str]) -> _Way | None:
        known = [way for way, form in forms.items() if form in self._known]
        return known[0] if len(known) == 1 else None


def _plain(message_id: str) -> str:
    """Without what is written now so and now so: leading zeros, capitals."""
    text = message_id.strip().lower()
    return text.lstrip("0") or text[-1:]


def _forms(reference: str) -> dict[_Way, str]:
    """What the answer said, for each way; of equal ones only the first."""
    forms = {_Way.SAME: reference}
    if _HEX.fullmatch(reference):
        if reference.isdecimal():
            forms[_Way.IN_DECIMAL] = f"{int(reference):x}"
        forms[_Way.IN_HEX] = str(int(reference, 16))
    return {way: form for way, form in forms.items() if way is _Way.SAME or form != reference}
