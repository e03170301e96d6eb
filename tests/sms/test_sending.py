"""The lane on a real ledger: many texts share their commits, and none is sent before its own."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from ledger.outgoing_texts import OutgoingTexts
from ledger.store import Ledger, open_ledger, sqlite_url
from ledger.text_book import TextBook
from ledger.text_standing import nobody
from ledger.texts import NewText, Origin, TextState
from mail.retry import RetryPolicy
from sms.gateway import Fate, Outgoing
from sms.pace import Pace
from sms.sending import SendingLane
from sms.station import Allowance
from tests.sms.memory_gateway import MemoryGateway

NOW = 1_800_000_000.0
TEXTS = 200


class Recorded(OutgoingTexts):
    """Counts the turns."""

    def __init__(self, ledger: Ledger) -> None:
        super().__init__(ledger)
        self.turns = 0

    async def turn(self, *arguments: object, **keywords: object) -> object:  # type: ignore[override]
        self.turns += 1
        return await super().turn(*arguments, **keywords)  # type: ignore[arg-type]


class Looking(MemoryGateway):
    """Looks into the ledger before it takes a text."""

    ledger: Ledger

    async def send(self, outgoing: Outgoing) -> Fate:
        text, pieces = await TextBook(self.ledger).show(int(outgoing.key.split("-")[0]))
        assert (text.state, len(pieces)) == (TextState.SENDING, 1)
        return await super().send(outgoing)


@pytest.mark.parametrize("window", [3, 50])
async def test_each_is_recorded_before_it_is_sent_and_many_share_a_commit(
    tmp_path: Path, window: int
) -> None:
    ledger = await open_ledger(sqlite_url(tmp_path / "ledger.sqlite"))
    texts = Recorded(ledger)
    for which in range(TEXTS):
        await texts.ask(_text(which), NOW, NOW, lambda _: None)
    gateway = Looking("one", window)
    gateway.ledger = ledger
    clock = asyncio.get_running_loop().time
    lane = SendingLane(
        gateway,
        texts=texts,
        owner="here",
        pace=Pace(600_000, clock),
        retry=RetryPolicy(86400.0),
        elsewhere=lambda _, refused: None,
        moved=lambda _: None,
        tell=nobody,
        allowance=Allowance(10_000),
        now=lambda: NOW,
        chance=lambda: 0.5,
    )
    running = asyncio.create_task(lane.run())
    async with asyncio.timeout(30):
        while lane.statistics.sent < TEXTS:
            await asyncio.sleep(0.01)
    lane.stop()
    await running
    assert sorted(it.key for it in gateway.sent) == sorted(f"{id}-0" for id in range(1, TEXTS + 1))
    found = await TextBook(ledger).newest(None, None, TEXTS)
    assert {it.state for it in found} == {TextState.SENT}
    await ledger.close()
    if window == 50:
        assert texts.turns < TEXTS / 4


def _text(which: int) -> NewText:
    return NewText(
        source=f"test:{which}",
        origin=Origin.COMMAND,
        number=f"+62812{which:07}",
        own_number=None,
        gateway="one",
        extension="",
        account="",
        author="",
        body="Halo",
        message_id=None,
        due=NOW,
        parts=1,
        pieces=1,
        price=0.0,
    )
