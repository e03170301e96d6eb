"""How long a peer may take to say who it is."""

import asyncio

from agi.patience import Patience


class Peer:
    def __init__(self) -> None:
        self.late = asyncio.Event()

    def is_late(self, seconds: float) -> None:
        self.late.set()


async def test_each_peer_is_late_once_its_own_time_is_over() -> None:
    patience = Patience(0.02)
    first, second = Peer(), Peer()
    patience.wait_for(first)
    await asyncio.sleep(0)
    patience.wait_for(second)
    async with asyncio.timeout(10):
        await first.late.wait()
        await second.late.wait()


async def test_a_peer_that_came_in_time_is_never_late() -> None:
    patience = Patience(0.01)
    punctual, late = Peer(), Peer()
    patience.wait_for(punctual)
    patience.forget(punctual)
    patience.wait_for(late)
    async with asyncio.timeout(10):
        await late.late.wait()
    assert not punctual.late.is_set()


async def test_patience_begins_anew_after_nobody_was_left() -> None:
    patience = Patience(0.01)
    for _ in range(2):
        peer = Peer()
        patience.wait_for(peer)
        async with asyncio.timeout(10):
            await peer.late.wait()


async def test_after_the_end_nobody_is_late() -> None:
    patience, others = Patience(0.0), Patience(0.01)
    left, witness = Peer(), Peer()
    patience.wait_for(left)
    patience.end()
    others.wait_for(witness)
    async with asyncio.timeout(10):
        await witness.late.wait()
    assert not left.late.is_set()
