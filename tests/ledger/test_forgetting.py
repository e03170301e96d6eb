"""What was done with long ago leaves the ledger; what is still to be done never does."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import func, select, update

from ledger.broadcast_rows import NewBroadcast
from ledger.broadcasts import BroadcastBook
from ledger.entries import End, NewEntry, State
from ledger.facts import TextFacts, VoicemailFacts
from ledger.forgetting import Forgetting, OldMail
from ledger.in_step import InStep
from ledger.incoming_texts import IncomingTexts
from ledger.keyword_calls import KeywordCalls
from ledger.number_lists import NumberGroups, StopList
from ledger.outbox import Outbox
from ledger.schema import broadcasts, text_parts, text_pieces, texts
from ledger.store import Ledger
from ledger.texts import PieceState, TextState
from tests.ledger.sms_office import NOW, NUMBER, Office
from tests.ledger.test_keyword_calls import take_in
from tests.ledger.test_texts_in import Reader, parts_of
from tests.ledger.text_samples import single

LATER = NOW + 400 * 86400
BEFORE = LATER - 365 * 86400


@pytest.fixture
def forgetting(ledger: Ledger) -> Forgetting:
    return Forgetting(ledger)


@pytest.fixture
def outbox(ledger: Ledger) -> Outbox:
    return Outbox(ledger)


def mail(number: int, state: State = State.DELIVERED, audio: str | None = None) -> NewEntry:
    return NewEntry(
        source=f"voicemail:1001@default:{number}",
        extension="1001",
        recipient="sari@klinik.example",
        message_id=f"<{number}@klinik.example>",
        facts=VoicemailFacts("1001@default", str(number), "0812", "", 0, 3, 1),
        audio=audio,
        state=state,
    )


async def all_old(forgetting: Forgetting) -> list[OldMail]:
    found: list[OldMail] = []
    after: int | None = 0
    while after is not None:
        some, after = await forgetting.old_mails(BEFORE, after)
        found += some
    return found


async def count(ledger: Ledger, column: Any) -> int:
    return await ledger.read(lambda it: it.scalar(select(func.count(column))) or 0)


async def test_mails_that_were_settled_long_ago_are_found_and_forgotten(
    forgetting: Forgetting, outbox: Outbox
) -> None:
    states = [it for it in State if it is not State.WAITING]
    await outbox.add([mail(at, state) for at, state in enumerate(states)], NOW)
    old = await all_old(forgetting)
    assert [it.source for it in old] == [f"voicemail:1001@default:{at}" for at in range(5)]
    assert await forgetting.forget_mails([it.id for it in old]) == {it.id for it in old}
    assert await outbox.newest(None, 10) == []


async def test_mails_that_are_waiting_or_young_or_not_done_with_stay(
    forgetting: Forgetting, outbox: Outbox, ledger: Ledger
) -> None:
    await outbox.add([mail(1, State.WAITING), mail(2), mail(3, State.WAITING)], NOW)
    # Handed over long ago, delivered today; and one that the telephone must still do something for.
    await outbox.settle([End(3, State.DELIVERED)], LATER)
    await outbox.add([mail(4, State.WAITING)], NOW)
    await outbox.settle([End(4, State.DELIVERED, aftercare="heard")], NOW)
    await outbox.add([mail(5)], LATER)
    assert [it.id for it in await all_old(forgetting)] == [2]


async def test_a_mail_that_is_kept_in_step_stays_until_that_is_over(
    forgetting: Forgetting, outbox: Outbox, ledger: Ledger
) -> None:
    await outbox.add([mail(1)], NOW)
    pairs = InStep(ledger)
    await pairs.open([1], NOW)
    assert not await all_old(forgetting)
    (pair,) = await pairs.open_pairs("1001")
    await pairs.settle([replace(pair, closed="deleted on both sides")], NOW)
    assert await forgetting.forget_mails([1]) == {1}
    assert not (await pairs.standing([mail(1).source])).settled


async def test_a_mail_that_was_asked_for_again_meanwhile_stays(
    forgetting: Forgetting, outbox: Outbox
) -> None:
    await outbox.add([mail(1, State.FAILED), mail(2, State.FAILED)], NOW)
    old = await all_old(forgetting)
    await outbox.retry(1, LATER)
    assert await forgetting.forget_mails([it.id for it in old]) == {2}


async def test_old_mails_are_found_behind_any_number_of_others(
    forgetting: Forgetting, outbox: Outbox
) -> None:
    await outbox.add([mail(at, State.WAITING) for at in range(300)], NOW)
    await outbox.add([mail(at, audio=f"{at}.wav") for at in range(300, 900)], NOW)
    await outbox.add([mail(at) for at in range(900, 1500)], LATER)
    old = await all_old(forgetting)
    assert [it.audio for it in old] == [f"{at}.wav" for at in range(300, 900)]


async def test_a_text_is_forgotten_with_its_pieces_and_parts(
    office: Office, ledger: Ledger, forgetting: Forgetting
) -> None:
    await office.sent(1)
    reader = Reader()
    for part in parts_of("Halo, ", "selamat pagi"):
        await IncomingTexts(ledger).take_in(part, NOW, reader)
    assert await count(ledger, texts.c.id) == 2
    assert await forgetting.forget_texts(NOW) == 0
    assert await forgetting.forget_texts(BEFORE) == 2
    assert await forgetting.forget_texts(BEFORE) == 0
    for column in (texts.c.id, text_pieces.c.text, text_parts.c.body):
        assert await count(ledger, column) == 0


async def test_texts_that_are_still_to_be_sent_or_joined_stay(
    office: Office, ledger: Ledger, forgetting: Forgetting
) -> None:
    await office.ask(1)
    await office.ask(2)
    await office.claim(1)
    await IncomingTexts(ledger).take_in(parts_of("Halo, ", "selamat pagi")[0], NOW, Reader())
    assert await forgetting.forget_texts(BEFORE) == 0
    assert await count(ledger, text_parts.c.id) == 1


async def test_a_broadcast_is_forgotten_as_a_whole_once_it_is_over(
    ledger: Ledger, forgetting: Forgetting
) -> None:
    book = BroadcastBook(ledger)
    found = await book.begin(NewBroadcast("promo", "Halo", "desk@klinik.example", None), NOW)
    await book.add([single(f"+62{at:06}", broadcast=found.id) for at in range(600)], NOW)

    async def forget() -> int:
        rows = 0
        while some := await forgetting.forget_broadcasts(BEFORE):
            rows += some
        return rows

    assert await forget() == await forgetting.forget_texts(BEFORE) == 0
    await book.stop("promo", NOW)
    # One of them was sent by hand yesterday.
    young = update(texts).where(texts.c.id == 7).values(settled=LATER, state=TextState.SENT)
    await ledger.write(lambda it: it.execute(young))
    assert await forget() == await forgetting.forget_texts(BEFORE) == 0
    await ledger.write(lambda it: it.execute(young.values(settled=NOW)))
    assert await forget() == 601
    assert await count(ledger, broadcasts.c.id) == await count(ledger, texts.c.id) == 0


async def test_what_a_number_wrote_and_was_written_is_forgotten_when_its_owner_asks(
    office: Office, ledger: Ledger, outbox: Outbox, forgetting: Forgetting
) -> None:
    await office.sent(1)
    await office.sent(2, number="+62812999")
    await office.ask(3)
    for part in parts_of("Halo, ", "selamat pagi"):
        await IncomingTexts(ledger).take_in(part, NOW, Reader())
    groups: dict[str, dict[str, str]] = {NUMBER: {"nama": "Budi"}, "+62812999": {}}
    await NumberGroups(ledger).add("promo", groups, "csv", NOW)
    await StopList(ledger).add([NUMBER], "his letter", NOW)
    written = [TextFacts(number, None, "modem", 1, "Halo") for number in (NUMBER, NUMBER + "0")]
    mails = [
        NewEntry(f"text:{at}", "1001", "sari@klinik.example", f"<{at}@x>", facts)
        for at, facts in enumerate(written)
    ]
    await outbox.add(mails, NOW)
    ids = {it.source: it.id for it in await outbox.newest(None, 10)}
    await outbox.settle([End(ids[it.source], State.DELIVERED) for it in mails], NOW)
    gone = await forgetting.forget_number(NUMBER)
    assert gone == (2, 1, 1, 1)
    left = await office.book.newest(None, None, 10)
    assert sorted(it.source for it in left) == ["test:2", "test:3"]
    assert "text:1" in {it.source for it in await outbox.newest(None, 10)}
    assert await StopList(ledger).history(NUMBER)
    assert await forgetting.forget_number(NUMBER) == (0, 0, 0, 1)


async def test_no_program_is_told_of_another_customers_text_in_place_of_a_forgotten_one(
    ledger: Ledger, forgetting: Forgetting
) -> None:
    calls = KeywordCalls(ledger)
    await take_in(ledger, "a")
    await forgetting.forget_number(NUMBER)
    for part in parts_of("Halo, ", "selamat pagi"):
        await IncomingTexts(ledger).take_in(part, NOW, Reader())
    assert await calls.claim(9, NOW, 60.0) == []
    await take_in(ledger, "b")
    assert len(await calls.claim(9, NOW, 60.0)) == 1


async def test_a_report_of_a_forgotten_text_is_not_of_the_next_one(
    office: Office, forgetting: Forgetting
) -> None:
    first = (await office.sent(1)).text
    await forgetting.forget_number(NUMBER)
    second = (await office.sent(2, number="+62812999")).text
    assert second.id != first.id
    await office.report(f"{first.id}-0", PieceState.FAILED, "absent subscriber")
    assert await office.state(second.id) is TextState.SENT


async def test_a_forgotten_text_that_its_gateway_brings_again_is_not_taken_for_a_new_one(
    ledger: Ledger, forgetting: Forgetting
) -> None:
    parts = parts_of("Halo, ", "selamat pagi")
    incoming = IncomingTexts(ledger)
    for forget in (
        lambda: forgetting.forget_number(NUMBER),
        lambda: forgetting.forget_texts(LATER),
    ):
        for part in parts:
            await incoming.take_in(part, NOW, Reader())
        await forget()
        assert [await incoming.take_in(part, LATER, Reader()) for part in parts] == [None, None]
        assert await count(ledger, texts.c.id) == await count(ledger, text_parts.c.body) == 0
        parts = [replace(part, key=f"next-{part.key}") for part in parts]
