"""Texts for tests."""

from __future__ import annotations

from ledger.texts import NewText, Origin


def single(number: str, *, gateway: str = "one", broadcast: int | None = None) -> NewText:
    """A text to a number."""
    return NewText(
        source=f"test:{broadcast}:{number}",
        origin=Origin.COMMAND if broadcast is None else Origin.BROADCAST,
        number=number,
        own_number=None,
        gateway=gateway,
        extension="",
        account="",
        author="",
        body="Halo",
        message_id=None,
        due=0.0,
        parts=1,
        pieces=1,
        price=0.0,
        broadcast=broadcast,
    )
