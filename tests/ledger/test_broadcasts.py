from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from sqlalchemy import Connection, event, text

from ledger.broadcast_rows import Broadcast, BroadcastState, NewBroadcast, NumberFate
from ledger.broadcast_steps import BroadcastSteps
from ledger.broadcasts import BroadcastBook
from ledger.errors import BroadcastRefused, NoSuchEntry
from ledger.number_lists import StopList
from ledger.outgoing_texts import OutgoingTexts
from ledger.store import Ledger, open_ledger, sqlite_url
from ledger.text_book import TextBook
from ledger.text_standing import nobody
from ledger.texts import TextState
from tests.ledger.text_samples import single

NOW = 1_800_000_000.0
HELD, WAITING = TextState.HELD, TextState.WAITING


@pytest.fixture
async def ledger(tmp_path: Path) -> AsyncIterator[Ledger]:
    ledger = await open_ledger(sqlite_url(tmp_path / "ledger.sqlite"))
    yield ledger
    await ledger.close()


@pytest.fixture
def book(ledger: Ledger) -> BroadcastBook:
    return BroadcastBook(ledger)


@pytest.fixture
def steps(ledger: Ledger) -> BroadcastSteps:
    return BroadcastSteps(ledger)


@pytest.fixture
def outgoing(ledger: Ledger) -> OutgoingTexts:
    return OutgoingTexts(ledger)


async def scheduled(
    book: BroadcastBook, count: int, *, name: str = "promo", gateways: tuple[str, ...] = ("one",)
) -> Broadcast:
    """A broadcast to so many numbers, by each of the gateways in turn."""
    found = await book.begin(NewBroadcast(name, "Halo", "desk@klinik.example", None), NOW)
    for first in range(0, count, 1000):
        texts = [
            single(f"+62{number:06}", gateway=gateways[number % len(gateways)], broadcast=found.id)
            for number in range(first, min(first + 1000, count))
        ]
        await book.add(texts, NOW)
    return await book.schedule(name, NOW)


async def states(book: BroadcastBook, name: str = "promo") -> dict[TextState, int]:
    return dict((await book.show(name))[1].states)


async def test_texts_are_held_until_they_are_released(
    book: BroadcastBook, steps: BroadcastSteps, outgoing: OutgoingTexts
) -> None:
    found = await scheduled(book, 10)
    assert await states(book) == {HELD: 10}
    assert not await outgoing.turn("one", room=10, now=NOW, owner="me", tell=nobody)
    await steps.run(found.id)
    released = await steps.release(found.id, limit=4, parts=100, ahead=100, now=NOW)
    assert (released.texts, released.parts, set(released.gateways)) == (4, 4, {"one"})
    claims = await outgoing.turn("one", room=10, now=NOW, owner="me", tell=nobody)
    assert [it.text.number for it in claims] == [f"+62{number:06}" for number in range(4)]


async def test_no_more_is_released_than_may_wait_for_a_gateway(
    book: BroadcastBook, steps: BroadcastSteps
) -> None:
    found = await scheduled(book, 30, gateways=("one", "two"))
    await steps.run(found.id)
    for _ in range(3):
        released = await steps.release(found.id, limit=100, parts=100, ahead=5, now=NOW)
    assert released.texts == 0
    assert await states(book) == {HELD: 20, WAITING: 10}


async def test_a_slow_gateway_does_not_keep_a_fast_one_waiting(
    book: BroadcastBook, steps: BroadcastSteps, outgoing: OutgoingTexts
) -> None:
    found = await scheduled(book, 30, gateways=("slow", "fast"))
    await steps.run(found.id)
    await steps.release(found.id, limit=2, parts=100, ahead=5, now=NOW)
    for _ in range(8):
        await outgoing.turn("fast", room=10, now=NOW, owner="me", tell=nobody)
        await steps.release(found.id, limit=2, parts=100, ahead=5, now=NOW)
    assert len(await outgoing.turn("slow", room=100, now=NOW, owner="me", tell=nobody)) <= 5
    assert (await states(book))[TextState.SENDING] >= 15


async def test_the_parts_that_are_left_of_the_day_are_kept(
    book: BroadcastBook, steps: BroadcastSteps
) -> None:
    found = await scheduled(book, 10)
    await steps.run(found.id)
    released = await steps.release(found.id, limit=100, parts=3, ahead=100, now=NOW)
    assert (released.parts, released.full) == (3, True)
    assert await steps.released_since(NOW - 1.0) == 3
    assert await steps.released_since(NOW + 1.0) == 0


async def test_one_that_rests_releases_nothing_and_holds_what_it_had(
    book: BroadcastBook, steps: BroadcastSteps
) -> None:
    found = await scheduled(book, 4)
    await steps.run(found.id)
    await steps.release(found.id, limit=2, parts=9, ahead=9, now=NOW)
    await steps.rest(found.id, "quiet hours")
    assert await states(book) == {HELD: 4}
    assert (await steps.release(found.id, limit=2, parts=9, ahead=9, now=NOW)).texts == 0
    shown, _ = await book.show("promo")
    assert (shown.state, shown.words) == (BroadcastState.SCHEDULED, "quiet hours")


async def test_it_is_done_only_when_nothing_is_on_its_way(
    book: BroadcastBook, steps: BroadcastSteps, outgoing: OutgoingTexts
) -> None:
    found = await scheduled(book, 1)
    await steps.run(found.id)
    await steps.release(found.id, limit=9, parts=9, ahead=9, now=NOW)
    (claim,) = await outgoing.turn("one", room=9, now=NOW, owner="me", tell=nobody)
    assert not (await steps.release(found.id, limit=9, parts=9, ahead=9, now=NOW)).done
    await outgoing.release([claim])
    await TextBook(book._ledger).drop(claim.text.id, NOW)
    assert (await steps.release(found.id, limit=9, parts=9, ahead=9, now=NOW)).done
    assert (await book.show("promo"))[0].ended == NOW


async def test_numbers_on_the_stop_list_do_not_keep_the_others_waiting(
    ledger: Ledger, book: BroadcastBook, steps: BroadcastSteps, outgoing: OutgoingTexts
) -> None:
    await StopList(ledger).add([f"+62{number:06}" for number in range(20)], "text:1", NOW)
    found = await scheduled(book, 25)
    await steps.run(found.id)
    await steps.release(found.id, limit=99, parts=99, ahead=99, now=NOW)
    (claim,) = await outgoing.turn("one", room=1, now=NOW, owner="me", tell=nobody)
    assert claim.text.number == "+62000020"
    assert (await states(book))[TextState.STOPPED] == 20


@pytest.mark.parametrize(
    ("act", "states_", "words"),
    [
        (lambda book: book.pause("promo"), 1, "paused"),
        (lambda book: book.go_on("promo"), 0, "only one that is paused can be"),
        (lambda book: book.pause("other"), 0, 'no broadcast "other"'),
    ],
)
async def test_what_cannot_be_says_so(
    book: BroadcastBook, act: Callable[[BroadcastBook], object], states_: int, words: str
) -> None:
    await scheduled(book, 1)
    if states_:
        assert (await act(book)).state == words  # type: ignore[misc]
    else:
        with pytest.raises(NoSuchEntry, match=words):
            await act(book)  # type: ignore[misc]


async def test_a_stopped_one_drops_thousands_and_cannot_be_added_to(
    book: BroadcastBook,
) -> None:
    await scheduled(book, 2500)
    stopped = await book.stop("promo", NOW)
    assert (stopped.state, stopped.ended) == (BroadcastState.STOPPED, NOW)
    assert await states(book) == {TextState.DROPPED: 2500}
    with pytest.raises(BroadcastRefused, match="use another name"):
        await scheduled(book, 1)


async def test_the_same_texts_again_are_not_new(book: BroadcastBook) -> None:
    await scheduled(book, 3)
    assert await states(book) == {HELD: 3}
    await scheduled(book, 5)
    assert await states(book) == {HELD: 5}
    assert await book.known(["test:1:+62000004", "test:1:+62000005"]) == {"test:1:+62000004"}


async def test_each_fate_comes_in_the_order_of_the_list(book: BroadcastBook) -> None:
    found = await scheduled(book, 1200)
    fates: list[NumberFate] = []
    await book.fates(found.id, fates.append)
    assert [it.number for it in fates] == [f"+62{number:06}" for number in range(1200)]


async def test_every_question_of_the_daemon_is_answered_by_an_index(
    ledger: Ledger, book: BroadcastBook, steps: BroadcastSteps, outgoing: OutgoingTexts
) -> None:
    """With a history of many texts, nothing may look through all of them."""
    found = await scheduled(book, 10)
    await steps.run(found.id)
    statements: list[tuple[str, object]] = []

    def note(_c: object, _cursor: object, sql: str, values: object, *_: object) -> None:
        statements.append((sql, values))

    event.listen(ledger._engine, "before_cursor_execute", note)
    await steps.release(found.id, limit=5, parts=100, ahead=100, now=NOW)
    await steps.released_since(NOW)
    await steps.states(found.id)
    await steps.rest(found.id, "quiet hours")
    await steps.drop_rest(found.id, NOW)
    await outgoing.turn("one", room=4, now=NOW, owner="me", tell=nobody)
    await outgoing.ask(single("+6299"), NOW, NOW, lambda _: None)
    event.remove(ledger._engine, "before_cursor_execute", note)

    def plans(connection: Connection) -> list[tuple[str, str]]:
        raw = connection.connection.driver_connection
        assert raw is not None
        return [
            (row[3], sql)
            for sql, values in statements
            if sql.startswith(("SELECT", "UPDATE"))
            for row in raw.execute(f"EXPLAIN QUERY PLAN {sql}", values)
        ]

    found_plans = await ledger.read(plans)
    assert len(found_plans) > 10
    scans = [it for it in found_plans if it[0].startswith("SCAN") and "texts" in it[0]]
    assert scans == []
    counted = [plan for plan, sql in found_plans if "created >=" in sql]
    assert any("texts_by_day" in plan for plan in counted)
    held = [plan for plan, sql in found_plans if sql.startswith("SELECT texts.gateway, count")]
    assert held
    assert all("COVERING INDEX texts_of_broadcast" in plan for plan in held if "texts" in plan)
    assert await ledger.read(lambda it: it.scalar(text("SELECT count(*) FROM texts"))) == 11
