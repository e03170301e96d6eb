"""A piece of a text: what is handed to a gateway in one go."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Coding = Literal["gsm7", "ucs2"]


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of a text.

    Arguments:
        text: what it says.
        coding: gsm7 is the default alphabet with its extension table, ucs2 is UTF-16BE.
        header: user data header with its length octet, as it goes before the text; empty for none
            (3GPP TS 23.040, 9.2.3.24).
        parts: how many parts it costs: 1, but where a gateway splits by itself.
    """

    text: str
    coding: Coding
    header: bytes = b""
    parts: int = 1
