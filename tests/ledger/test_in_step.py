"""Pairs in the ledger."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import text, update

from ledger.entries import NewEntry, State
from ledger.facts import VoicemailFacts
from ledger.in_step import InStep, Spot
from ledger.outbox import Outbox
from ledger.schema import in_step, outbox
from ledger.store import Ledger, open_ledger, sqlite_url


@pytest.fixture
async def ledger(tmp_path: Path) -> AsyncIterator[Ledger]:
    ledger = await open_ledger(sqlite_url(tmp_path / "ledger.sqlite"))
    yield ledger
    await ledger.close()


def entry(number: int, state: State = State.DELIVERED, extension: str = "1001") -> NewEntry:
    return NewEntry(
        source=f"voicemail:{extension}@default:{number}",
        extension=extension,
        recipient="sari@klinik.example",
        message_id=f"<{number}@klinik.example>",
        facts=VoicemailFacts(f"{extension}@default", str(number), "0812", "", 0, 3, 1),
        state=state,
    )


async def opened(ledger: Ledger, *entries: NewEntry) -> InStep:
    await Outbox(ledger).add(entries, 1.0)
    pairs = InStep(ledger)
    standing = await pairs.standing([it.source for it in entries])
    await pairs.open(standing.delivered, 2.0)
    return pairs


async def test_what_is_delivered_is_paired_once_and_the_rest_is_awaited(ledger: Ledger) -> None:
    entries = [entry(1), entry(2, State.WAITING), entry(3, State.SKIPPED)]
    pairs = await opened(ledger, *entries)
    await pairs.open([1, 2, 3], 3.0)
    (pair,) = await pairs.open_pairs("1001")
    assert (pair.source, pair.read, pair.spot, pair.opened) == (entries[0].source, False, None, 2.0)
    standing = await pairs.standing([it.source for it in entries])
    assert standing.settled == {entries[0].source}
    assert standing.delivered == ()
    assert standing.awaited
    assert not (await pairs.standing([entries[2].source])).awaited
    assert not (await pairs.standing(["voicemail:1001@default:not-handed-over"])).awaited


async def test_how_a_pair_stands_is_kept_and_a_closed_one_is_done_with(ledger: Ledger) -> None:
    pairs = await opened(ledger, entry(1), entry(2))
    first, second = await pairs.open_pairs("1001")
    spot = Spot("sari@klinik.example mail", "Work", 2**32 - 1, 2**32 - 1)
    await pairs.settle([replace(first, read=True, whole=True, spot=spot)], 3.0)
    await pairs.settle([replace(second, closed="gone")], 3.0)
    (left,) = await pairs.open_pairs("1001")
    assert left == replace(first, read=True, whole=True, spot=spot)
    assert await pairs.count_open() == 1
    await pairs.settle([replace(second, read=True)], 4.0)  # too late
    rows = await ledger.read(lambda it: list(it.execute(in_step.select())))
    assert [(row.read, row.reason) for row in rows] == [(True, None), (False, "gone")]


async def test_a_mail_that_bounced_is_forgotten_and_paired_anew_when_delivered_again(
    ledger: Ledger,
) -> None:
    pairs = await opened(ledger, entry(1))

    async def becomes(state: State) -> None:
        await ledger.write(lambda it: it.execute(update(outbox).values(state=state)).rowcount)

    await becomes(State.BOUNCED)
    assert await pairs.open_pairs("1001") == []
    assert await pairs.count_open() == 0
    await becomes(State.DELIVERED)
    await pairs.open((await pairs.standing([entry(1).source])).delivered, 5.0)
    assert len(await pairs.open_pairs("1001")) == 1


async def test_ten_thousand_pairs_that_are_done_with_are_not_read(ledger: Ledger) -> None:
    pairs = await opened(ledger, entry(1))
    (left,) = await pairs.open_pairs("1001")
    done = {"extension": "1001", "mailbox": "1001@default", "msg_id": "2", "message_id": "<2@a>"}
    done |= {"read": True, "whole": True, "opened": 2.0, "closed": 3.0, "reason": "gone"}
    rows = [done | {"entry": number} for number in range(2, 10_000)]
    await ledger.write(lambda it: it.execute(in_step.insert(), rows).rowcount)
    assert await pairs.open_pairs("1001") == [left]
    for query in (
        "SELECT * FROM in_step WHERE extension = '1001' AND closed IS NULL",
        "SELECT count(*) FROM in_step WHERE closed IS NULL",
    ):
        plan = await ledger.read(
            lambda it, query=query: str(list(it.execute(text(f"EXPLAIN QUERY PLAN {query}"))))
        )
        assert "in_step_open" in plan
