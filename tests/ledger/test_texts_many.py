"""Steps and reports of many texts at once are what they are one after the other."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from random import Random

import pytest

from ledger.store import open_ledger, sqlite_url
from ledger.text_pieces import NewReport
from ledger.text_steps import Step
from ledger.texts import Claim, PieceState, TextState
from tests.ledger.sms_office import NOW, Office

TEXTS = 40
STATES = (None, PieceState.DELIVERED, PieceState.DELIVERED, PieceState.FAILED)


@pytest.fixture
async def offices(tmp_path: Path) -> AsyncIterator[tuple[Office, Office]]:
    ledgers = [await open_ledger(sqlite_url(tmp_path / f"{name}.sqlite")) for name in "ab"]
    yield Office(ledgers[0]), Office(ledgers[1])
    for ledger in ledgers:
        await ledger.close()


@pytest.mark.parametrize("seed", range(12))
async def test_many_at_once_stand_as_they_would_one_by_one(
    offices: tuple[Office, Office], seed: int
) -> None:
    random = Random(seed)
    pieces = [random.choice((1, 1, 1, 2, 3)) for _ in range(TEXTS)]
    at_once, one_by_one = offices
    for office in offices:
        for which, count in enumerate(pieces, 1):
            await office.ask(which, pieces=count)
    claims = await at_once.claims(TEXTS)
    assert await one_by_one.claims(TEXTS) == claims
    going = claims
    while going:
        reports = _reports(random, going)
        steps = [_step(random, claim, pieces[claim.text.id - 1]) for claim in going]
        later = _reports(random, going)
        await at_once.texts.reported_many("modem", reports, NOW, at_once.tell)
        await at_once.settle(steps)
        await at_once.texts.reported_many("modem", later, NOW, at_once.tell)
        for reference, it in reports.items():
            await one_by_one.report(reference, it.state, it.words)
        for step in steps:
            await one_by_one.settle([step])
        for reference, it in later.items():
            await one_by_one.report(reference, it.state, it.words)
        going = [Claim(it.claim.text, it.claim.at + 1) for it in steps if it.end is None]
        for office in offices:
            await office.texts.turn(
                "modem", following=going, now=NOW, owner="here", tell=office.tell
            )
    for which in range(1, TEXTS + 1):
        assert await at_once.book.show(which) == await one_by_one.book.show(which)
    assert sorted(at_once.told) == sorted(one_by_one.told)


def _reports(random: Random, claims: list[Claim]) -> dict[str, NewReport]:
    return {
        f"{it.text.id}-{it.at}": NewReport(random.choice(STATES), random.choice(("", "words")))
        for it in claims
        if random.random() < 0.5
    }


def _step(random: Random, claim: Claim, pieces: int) -> Step:
    if random.random() < 0.1:
        return Step(claim, PieceState.UNKNOWN, TextState.UNKNOWN, "no answer")
    end = TextState.SENT if claim.at + 1 == pieces else None
    return Step(claim, PieceState.SENT, end, random.choice((None, "taken")))


async def test_reports_of_many_that_are_known_only_later_are_kept(office: Office) -> None:
    await office.ask(1)
    claim = await office.claim()
    reports = {"r0": NewReport(PieceState.DELIVERED, ""), "r1": NewReport(None, "")}
    await office.texts.reported_many("modem", reports, NOW, office.tell)
    await office.step(claim, PieceState.SENT, TextState.SENT, reference="r0")
    assert await office.state() is TextState.DELIVERED
