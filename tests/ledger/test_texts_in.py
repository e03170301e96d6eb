"""Texts that come in: each part kept as it came, joined in any order, each text once."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from itertools import permutations
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from ledger.arrivals import Gathered, GroupChange, NewPart, Taken
from ledger.entries import NewEntry
from ledger.facts import MissedCallFacts
from ledger.incoming_texts import IncomingTexts
from ledger.number_lists import NumberGroups, StopList
from ledger.outbox import Outbox
from ledger.schema import text_parts
from ledger.store import Ledger, open_ledger, sqlite_url
from ledger.text_book import TextBook
from ledger.texts import Origin, TextState
from ledger.texts_so_far import TextsSoFar
from tests.ledger.sms_office import NOW, NUMBER, Office, new_text


def part(key: str, body: str | None, **values: object) -> NewPart:
    whole = NewPart("modem", key, f"raw {key}", NUMBER, "+62800", NOW - 5, body)
    return replace(whole, **values)  # type: ignore[arg-type]


def parts_of(*bodies: str, reference: int = 7) -> list[NewPart]:
    return [
        part(f"{reference}-{number}", body, reference=reference, total=len(bodies), number=number)
        for number, body in enumerate(bodies, 1)
    ]


async def parts_waiting(ledger: Ledger) -> int:
    """How many parts wait for others."""
    return (await TextBook(ledger).depth(NOW)).parts


@dataclass
class Reader:
    """Decides as the centre does, and remembers what it was given."""

    answer: bool = False
    stop: bool | None = None
    groups: tuple[GroupChange, ...] = ()
    seen: list[Gathered] = field(default_factory=list)

    def __call__(self, gathered: Gathered, so_far: TextsSoFar) -> Taken:
        self.seen.append(gathered)
        bodies = gathered.bodies
        found = [bodies.get(number) for number in range(1, gathered.total + 1)]
        source = gathered.source
        mail = NewEntry(
            source, "1001", "sari@x.example", f"<{source}@x>", MissedCallFacts("1", "", 1, 1)
        )
        return Taken(
            number=gathered.sender,
            body="".join("[…]" if body is None else body for body in found),
            extension=so_far.last_writer(gathered.sender) or "",
            message_id=mail.message_id,
            mails=(mail,),
            answers=(new_text(1, source=f"answer:{source}"),) if self.answer else (),
            stop=self.stop,
            groups=self.groups,
        )


@pytest.fixture
def incoming(ledger: Ledger) -> IncomingTexts:
    return IncomingTexts(ledger)


@pytest.fixture
def book(ledger: Ledger) -> TextBook:
    return TextBook(ledger)


async def test_a_text_and_its_mail_are_in_one_commit(
    incoming: IncomingTexts, book: TextBook, ledger: Ledger
) -> None:
    taken = await incoming.take_in(part("a", "Halo"), NOW, Reader())
    assert taken is not None
    (text,) = await book.newest(None, None, 9)
    assert (text.state, text.body, text.number, text.origin, text.message_id) == (
        TextState.RECEIVED,
        "Halo",
        NUMBER,
        Origin.GATEWAY,
        taken.mails[0].message_id,
    )
    assert (text.gateway, text.own_number, text.came_in) == ("modem", "+62800", True)
    assert len(await Outbox(ledger).newest(None, 9)) == 1


async def test_what_is_brought_again_is_taken_once(
    incoming: IncomingTexts, book: TextBook, ledger: Ledger
) -> None:
    reader = Reader()
    results = await asyncio.gather(
        *(incoming.take_in(part("a", "Halo"), NOW, reader) for _ in range(20))
    )
    assert sum(it is not None for it in results) == 1
    assert await incoming.take_in(part("a", "Halo", gateway="other"), NOW, reader) is not None
    assert len(await book.newest(None, None, 99)) == 2


async def test_a_fault_while_it_is_decided_leaves_nothing_so_that_it_is_brought_again(
    incoming: IncomingTexts, ledger: Ledger, book: TextBook
) -> None:
    def broken(*_: object) -> Taken:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        await incoming.take_in(part("a", "Halo"), NOW, broken)
    assert await parts_waiting(ledger) == 0
    assert await incoming.take_in(part("a", "Halo"), NOW, Reader()) is not None


@pytest.mark.parametrize("order", list(permutations(range(3))))
async def test_parts_are_joined_in_any_order(
    incoming: IncomingTexts, ledger: Ledger, book: TextBook, order: tuple[int, ...]
) -> None:
    whole = parts_of("one ", "two ", "three")
    reader = Reader()
    for place in order[:-1]:
        assert await incoming.take_in(whole[place], NOW, reader) is None
    assert await parts_waiting(ledger) == 2
    taken = await incoming.take_in(whole[order[-1]], NOW, reader)
    assert taken is not None
    assert taken.body == "one two three"
    assert await parts_waiting(ledger) == 0
    kept = await book.parts(1)
    assert [it.raw for it in kept] == ["raw 7-1", "raw 7-2", "raw 7-3"]


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 2), st.integers(1, 3)), min_size=1, max_size=25))
def test_texts_that_come_mixed_and_doubled_are_each_joined_once(
    brought: list[tuple[int, int]],
) -> None:
    """Parts of three texts in any order, each any number of times, under keys of their own."""

    async def play() -> tuple[list[str], int]:
        with TemporaryDirectory() as folder:
            return await play_in(Path(folder))

    async def play_in(folder: Path) -> tuple[list[str], int]:
        ledger = await open_ledger(sqlite_url(folder / "ledger.sqlite"))
        incoming, bodies = IncomingTexts(ledger), list[str]()
        for reference, number in brought:
            it = parts_of(*(f"{reference}{place}" for place in "123"), reference=reference)[
                number - 1
            ]
            taken = await incoming.take_in(it, NOW, Reader())
            bodies.extend([] if taken is None else [taken.body])
        waiting = await parts_waiting(ledger)
        await ledger.close()
        return bodies, waiting

    bodies, waiting = asyncio.run(play())
    came = {reference: {it[1] for it in brought if it[0] == reference} for reference in range(3)}
    assert sorted(bodies) == [f"{it}1{it}2{it}3" for it in came if len(came[it]) == 3]
    assert waiting == sum(len(it) for it in came.values() if len(it) < 3)


@pytest.mark.parametrize(
    "other",
    [{"sender": "+62811"}, {"gateway": "other"}, {"reference": 8}, {"total": 3}],
)
async def test_parts_of_different_texts_are_not_joined(
    incoming: IncomingTexts, ledger: Ledger, other: dict[str, object]
) -> None:
    first, second = parts_of("one ", "two")
    assert await incoming.take_in(first, NOW, Reader()) is None
    assert await incoming.take_in(replace(second, **other), NOW, Reader()) is None  # type: ignore[arg-type]
    assert await parts_waiting(ledger) == 2


async def test_a_reference_may_come_again_for_the_next_text(incoming: IncomingTexts) -> None:
    for words in ("first", "later"):
        taken = None
        for it in parts_of(f"{words} one ", "two"):
            taken = await incoming.take_in(replace(it, key=f"{words}{it.key}"), NOW, Reader())
        assert taken is not None
        assert taken.body == f"{words} one two"


async def test_a_part_that_comes_twice_under_two_keys_is_no_other_part(
    incoming: IncomingTexts,
    ledger: Ledger,
) -> None:
    first, second = parts_of("one ", "two")
    assert await incoming.take_in(first, NOW, Reader()) is None
    assert await incoming.take_in(replace(first, key="again"), NOW, Reader()) is None
    taken = await incoming.take_in(second, NOW, Reader())
    assert taken is not None
    assert taken.body == "one two"
    assert await parts_waiting(ledger) == 0


async def test_of_a_part_that_came_spoilt_and_well_the_good_one_counts(
    incoming: IncomingTexts,
) -> None:
    first, second = parts_of("one ", "two")
    spoilt = replace(first, key="again", body=None, trouble="unreadable")
    for order in ((first, spoilt, second), (spoilt, first, second)):
        reader = Reader()
        for at, it in enumerate(order):
            await incoming.take_in(replace(it, key=f"{order[0].key}{at}"), NOW, reader)
        assert reader.seen[0].bodies == {1: "one ", 2: "two"}
        assert reader.seen[0].trouble == "unreadable"


async def test_a_number_beyond_the_whole_does_not_make_it_whole(incoming: IncomingTexts) -> None:
    first, second = parts_of("one ", "two")
    assert await incoming.take_in(first, NOW, Reader()) is None
    assert await incoming.take_in(replace(second, key="odd", number=9), NOW, Reader()) is None
    assert await incoming.take_in(second, NOW, Reader()) is not None


async def test_what_cannot_be_read_is_taken_with_its_trouble(
    incoming: IncomingTexts, book: TextBook
) -> None:
    reader = Reader()
    await incoming.take_in(part("a", None, trouble="no such alphabet"), NOW, reader)
    assert (reader.seen[0].bodies, reader.seen[0].whole) == ({1: None}, True)
    text, _ = await book.show(1)
    assert (text.body, text.words) == ("[…]", "no such alphabet")


async def test_what_no_database_takes_is_taken_all_the_same(
    incoming: IncomingTexts, book: TextBook
) -> None:
    odd = part("a", "\ud83d\0", raw="text=\udcff\0", trouble="\udcff")
    assert await incoming.take_in(odd, NOW, Reader()) is not None
    assert (await book.parts(1))[0].raw == "text=��"


async def test_parts_whose_others_never_come_become_a_text_after_a_while(
    incoming: IncomingTexts, book: TextBook
) -> None:
    first, second, third = parts_of("one ", "two ", "three")
    reader = Reader()
    await incoming.take_in(third, NOW, reader)
    await incoming.take_in(first, NOW + 100, reader)
    assert await incoming.take_overdue(NOW, NOW + 1800, reader) == []
    (taken,) = await incoming.take_overdue(NOW + 1, NOW + 1801, reader)
    assert taken.body == "one […]three"
    assert not reader.seen[-1].whole
    assert await incoming.take_overdue(NOW + 9999, NOW + 9999, reader) == []
    # The one that was missing comes after all: it is not lost either.
    await incoming.take_in(second, NOW + 9999, reader)
    (late,) = await incoming.take_overdue(NOW + 10_000, NOW + 20_000, reader)
    assert late.body == "[…]two […]"
    assert len(await book.newest(None, None, 9)) == 2


async def test_many_overdue_texts_are_all_taken(incoming: IncomingTexts) -> None:
    for reference in range(130):
        for it in parts_of("one ", "two", "three", reference=reference)[:2]:
            await incoming.take_in(it, NOW, Reader())
    taken = 0
    while found := await incoming.take_overdue(NOW + 1, NOW + 2, Reader()):
        taken += len(found)
    assert taken == 130


async def test_the_longest_text_has_255_parts(incoming: IncomingTexts, ledger: Ledger) -> None:
    taken = None
    for it in parts_of(*("x" for _ in range(255))):
        taken = await incoming.take_in(it, NOW, Reader())
    assert taken is not None
    assert taken.body == "x" * 255
    of_text = select(text_parts.c.text).distinct()
    assert await ledger.read(lambda it: list(it.scalars(of_text))) == [1]


async def test_who_wrote_to_a_number_last_is_known_when_it_answers(
    incoming: IncomingTexts, office: Office
) -> None:
    for which, extension, origin in (
        (1, "1001", Origin.MAIL),
        (2, "1002", Origin.MAIL),
        (3, "1003", Origin.DIALPLAN),
    ):
        await office.ask(which, extension=extension, origin=origin)
    taken = await incoming.take_in(part("a", "Halo"), NOW, Reader())
    assert taken is not None
    assert taken.extension == "1003"


async def test_an_answer_by_a_keyword_waits_to_be_sent_once(
    incoming: IncomingTexts, office: Office
) -> None:
    await incoming.take_in(part("a", "INFO"), NOW, Reader(answer=True))
    await incoming.take_in(part("a", "INFO"), NOW, Reader(answer=True))
    assert (await office.claim()).text.source == "answer:text:modem:a"


async def test_stop_and_start_keep_the_stop_list_and_its_history(
    incoming: IncomingTexts, ledger: Ledger
) -> None:
    stops = StopList(ledger)
    for key, stop in (("a", True), ("b", True), ("c", None)):
        await incoming.take_in(part(key, "x"), NOW, Reader(stop=stop))
    assert [(it.number, it.how) for it in await stops.all()] == [(NUMBER, "text:modem:a")]
    await incoming.take_in(part("d", "START"), NOW + 9, Reader(stop=False))
    assert await stops.all() == []
    history = await stops.history(NUMBER)
    assert [(it.stopped, it.how) for it in history] == [
        (True, "text:modem:a"),
        (False, "text:modem:d"),
    ]


async def test_numbers_join_groups_and_leave_them_without_losing_their_fields(
    incoming: IncomingTexts, ledger: Ledger
) -> None:
    groups = NumberGroups(ledger)
    await groups.add("promo", {NUMBER: {"name": "Budi"}}, "by hand", NOW)
    join = (GroupChange("promo", True), GroupChange("news", True))
    await incoming.take_in(part("a", "JOIN"), NOW, Reader(groups=join))
    assert await groups.sizes() == {"news": 1, "promo": 1}
    assert (await groups.members("promo"))[0].fields == {"name": "Budi"}
    await incoming.take_in(part("b", "LEAVE"), NOW, Reader(groups=(GroupChange("promo", False),)))
    assert await groups.sizes() == {"news": 1}
