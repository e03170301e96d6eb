"""Texts that wait for a gateway which cannot send go to another, however many others must wait."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, cast

import pytest

from ledger.entries import NewEntry
from ledger.outgoing_texts import OutgoingTexts
from ledger.store import Ledger, open_ledger, sqlite_url
from ledger.text_book import TextBook
from ledger.text_steps import Carriage
from ledger.texts import Text, TextState
from ledger.waiting_texts import WaitingTexts
from pbx.model import Site
from pbx.site import parse_site
from sms.moving import Moving
from sms.stations import Stations
from tests.ledger.sms_office import NOW, new_text
from tests.sms.sms_office import site_text

MANY = 250  # more than are looked at in one go
ONE, TWO = ("one", ""), ("two", 'prefixes = ["+62812"]')


class Downed:
    """Stations of which one gateway cannot send, or is not there."""

    def __init__(self) -> None:
        self.woken: list[str] = []

    def cannot_send(self, name: str) -> bool:
        return name == "one"

    def wake(self, name: str) -> None:
        self.woken.append(name)


@pytest.fixture
async def ledger(tmp_path: Path) -> AsyncIterator[Ledger]:
    """Many texts that wait for a gateway and no other takes, and then one that another does."""
    ledger = await open_ledger(sqlite_url(tmp_path / "ledger.sqlite"))
    outgoing = OutgoingTexts(ledger)
    for which in range(MANY + 1):
        number = "+62812" if which == MANY else "+62811"
        text = new_text(which, gateway="one", number=f"{number}{which:06}")
        await outgoing.ask(text, NOW, NOW - 3600, lambda _: None)
    yield ledger
    await ledger.close()


def moving(ledger: Ledger, folder: Path, *gateways: tuple[str, str]) -> tuple[Moving, Downed]:
    site: Site = parse_site(site_text(gateways=gateways), folder / "site.toml")
    stations = Downed()

    def tell(_text: Text, _state: TextState, _words: str, _at: int) -> tuple[NewEntry, ...]:
        return ()

    found = Moving(
        site=lambda: site,
        waiting=WaitingTexts(ledger),
        stations=cast(Stations, stations),
        carriage=lambda settings, _: Carriage(settings.name, None, 1, 1, 0.0),
        tell=tell,
        now=lambda: NOW,
    )
    return found, stations


async def states(ledger: Ledger) -> list[Any]:
    texts = await TextBook(ledger).newest(None, None, 1000)
    return sorted({(it.gateway, it.state) for it in texts})


async def test_behind_many_that_must_wait_one_that_need_not_is_moved(
    ledger: Ledger, tmp_path: Path
) -> None:
    work, stations = moving(ledger, tmp_path, ONE, TWO)
    await work.move_on()
    assert stations.woken == []
    await work.move_on()
    assert stations.woken == ["two"]
    assert await states(ledger) == [("one", TextState.WAITING), ("two", TextState.WAITING)]
    for _ in range(4):  # round and round
        await work.move_on()
    assert await WaitingTexts(ledger).by_gateway() == {"one": MANY, "two": 1}


async def test_of_a_gateway_that_is_gone_only_what_no_other_takes_is_given_up(
    ledger: Ledger, tmp_path: Path
) -> None:
    work, _ = moving(ledger, tmp_path, TWO)
    for _ in range(3):
        await work.move_on()
    assert await states(ledger) == [("one", TextState.FAILED), ("two", TextState.WAITING)]
    assert await WaitingTexts(ledger).by_gateway() == {"two": 1}
