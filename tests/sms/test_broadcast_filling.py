"""Broadcasts put into the ledger: again, in part, beside the daemon."""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path

import pytest

from ledger.broadcast_rows import BroadcastState, NewBroadcast
from ledger.errors import BroadcastRefused
from ledger.outgoing_texts import OutgoingTexts
from ledger.store import open_ledger, sqlite_url
from ledger.texts import TextState
from sms.broadcast.filling import fill
from sms.broadcast.plan import Maker
from sms.broadcast.template import read_template
from tests.ledger.text_samples import single
from tests.sms.broadcast_desk import TEXT, carriage, customers, running_desk

SENT = TextState.SENT
LATE = 1_800_021_300.0  # 20:55 in Jakarta
QUIET = 'quiet = "21:00-08:00"'


async def test_the_same_list_again_sends_only_to_new_numbers(tmp_path: Path) -> None:
    async with running_desk(tmp_path) as desk:
        await desk.create(customers(5))
        await desk.step()
        await desk.until_sent(5)
        await desk.step()
        again, added = await desk.create(customers(8))
        assert (again.state, added) == (BroadcastState.SCHEDULED, 3)
        await desk.step()
        await desk.until_sent(8)
        assert Counter(desk.sent) == Counter(it.number for it in customers(8))


async def test_another_text_of_the_same_name_is_refused(tmp_path: Path) -> None:
    async with running_desk(tmp_path) as desk:
        await desk.create(customers(1))
        with pytest.raises(BroadcastRefused, match="has another text"):
            await desk.create(customers(2), text="Hai {name}")
        await desk.book.pause("promo")
        with pytest.raises(BroadcastRefused, match="continue it first"):
            await desk.create(customers(2))


async def test_a_crash_while_it_is_put_in_sends_nothing_and_can_be_gone_on_with(
    tmp_path: Path,
) -> None:
    async with running_desk(tmp_path) as desk:
        await desk.create(customers(2), name="other")

        def broken(count: int) -> None:
            raise KeyboardInterrupt

        assert desk.site.sms is not None
        maker = Maker(read_template(TEXT), desk.site.sms, carriage)
        new = NewBroadcast("promo", TEXT, "desk@klinik.example", None)
        with pytest.raises(KeyboardInterrupt):
            await fill(
                new,
                customers(400),
                maker,
                desk.book,
                now=desk.moment,
                starts=desk.moment,
                put=broken,
            )
        await desk.step()
        found, tally = await desk.standing()
        assert (found.state, tally.states) == (BroadcastState.DRAFT, {TextState.HELD: 250})
        again, added = await desk.create(customers(400))
        assert (again.state, added) == (BroadcastState.SCHEDULED, 150)


async def test_others_write_while_a_large_list_is_put_in(tmp_path: Path) -> None:
    """The daemon takes texts in meanwhile, in another process."""
    daemon = await open_ledger(sqlite_url(tmp_path / "ledger.sqlite"))
    async with running_desk(tmp_path) as desk:
        filling = asyncio.create_task(desk.create(customers(5000), starts=desk.moment + 99.0))
        asked = 0
        while not filling.done():
            await OutgoingTexts(daemon).ask(single(f"+63{asked}"), 0.0, 0.0, lambda _: None)
            asked += 1
        await filling
        assert asked > 5
    await daemon.close()
