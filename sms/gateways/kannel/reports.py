"""What Kannel says in a delivery report (User's Guide 1.4.5, "SMS Delivery Reports")."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

_LONGEST_WORDS = 200

STATES: Mapping[str, Literal["delivered", "failed", "buffered"]] = {
    "1": "delivered",
    "2": "failed",
    "4": "buffered",
    "8": "buffered",  # the SMSC took it
    "16": "failed",  # the SMSC refused it
    "32": "buffered",
}
"""By the report's type."""


def words_of(octets: bytes) -> str:
    """What it says besides, in one line."""
    return " ".join(octets.decode("utf-8", "replace").split())[:_LONGEST_WORDS]
