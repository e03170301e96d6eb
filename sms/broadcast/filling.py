"""Puts a broadcast's texts into the ledger."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from ledger.broadcast_rows import Broadcast, NewBroadcast
from ledger.broadcasts import BroadcastBook
from sms.broadcast.plan import Made, Maker, new_text, slices
from sms.broadcast.recipients import Recipient

_SLICE = 250  # texts in one commit
_BETWEEN = 0.01  # seconds: the daemon writes to the ledger too, and must get its turn


async def fill(
    new: NewBroadcast,
    recipients: Sequence[Recipient],
    maker: Maker,
    book: BroadcastBook,
    *,
    now: float,
    starts: float,
    put: Callable[[int], None] = lambda _: None,
) -> tuple[Broadcast, int]:
    """Make a broadcast, or add to the one of that name, and have it begin by itself.

    Interrupted, it stays a draft that sends nothing; the same again goes on with it.

    Arguments:
        recipients: those whose text cannot be made are left out.
        put: told how many numbers were gone through.

    Returns:
        The broadcast, and how many texts are new.

    Raises:
        BroadcastRefused: that name has another text, or is paused or stopped.
    """
    broadcast = await book.begin(new, now)
    added = 0
    for some in slices(recipients, _SLICE):
        made = [it for it in map(maker.make, some) if isinstance(it, Made)]
        texts = [new_text(new.name, broadcast.id, it, starts) for it in made]
        added += await book.add(texts, now)
        put(len(some))
        await asyncio.sleep(_BETWEEN)
    return await book.schedule(new.name, starts), added
