"""Texts that go out: asked for once, claimed in order, never sent twice by themselves."""

from __future__ import annotations

import asyncio

from sqlalchemy import insert, select, update

from ledger.number_lists import StopList
from ledger.outbox import Outbox
from ledger.schema import broadcasts, text_pieces, texts
from ledger.store import Ledger
from ledger.text_steps import Carriage
from ledger.texts import Claim, Origin, PieceState, TextState
from ledger.waiting_texts import WaitingTexts
from tests.ledger.sms_office import NOW, NUMBER, Office, new_text

SENT, DELIVERED = PieceState.SENT, PieceState.DELIVERED
OTHER = Carriage("kannel", "KLINIK", 3, 3, 300.0)


async def test_the_same_source_asked_for_twice_is_one_text(office: Office) -> None:
    first, again = await office.ask(1), await office.ask(1, body="something else")
    assert first.text is not None
    assert (first.known, again.known, again.text) == (False, True, first.text)
    assert len(await office.claims(10)) == 1


async def test_the_same_source_asked_for_many_times_at_once_is_one_text(office: Office) -> None:
    asked = await asyncio.gather(*(office.ask(1) for _ in range(50)))
    assert sum(not it.known for it in asked) == 1


async def test_what_is_refused_leaves_nothing(office: Office) -> None:
    asked = await office.ask(1, refusal="over-cap-site")
    assert (asked.text, asked.refusal) == (None, "over-cap-site")
    assert await office.book.newest(None, None, 10) == []


async def test_what_was_taken_once_is_known_even_where_the_cap_is_reached_now(
    office: Office,
) -> None:
    await office.ask(1)
    assert (await office.ask(1, refusal="over-cap-site")).known


async def test_a_number_on_the_stop_list_is_refused(office: Office, ledger: Ledger) -> None:
    await StopList(ledger).add([NUMBER], "by hand", NOW)
    assert (await office.ask(1)).refusal == "stop-list"


async def test_usage_counts_what_was_asked_for_and_may_have_been_sent(office: Office) -> None:
    await office.ask(1, parts=3)
    await office.ask(2, parts=2, extension="1002")
    await office.ask(3, parts=5, extension="", account="shop")
    await office.ask(4, parts=7, extension="", broadcast=9)
    await office.book.drop(2, NOW)
    seen = []

    def refuse(usage: object) -> str:
        seen.append(usage)
        return "no"

    await office.texts.ask(new_text(9), NOW, NOW - 1, refuse)
    await office.texts.ask(new_text(9, extension="", account="shop"), NOW, NOW - 1, refuse)
    await office.texts.ask(new_text(9), NOW, NOW + 1, refuse)
    assert [(it.person, it.account, it.site) for it in seen] == [  # type: ignore[attr-defined]
        (3, 0, 8),
        (0, 5, 8),
        (0, 0, 0),
    ]


async def test_texts_after_missed_calls_do_not_use_up_what_the_person_may_write(
    office: Office,
) -> None:
    await office.ask(1, parts=3, origin=Origin.DIALPLAN)
    await office.ask(2, parts=2, origin=Origin.MAIL)
    usage = await office.texts.usage(NOW - 1, "1001", "")
    assert (usage.person, usage.site) == (2, 5)


async def test_usage_counts_what_a_gateway_took_even_where_it_was_not_brought(
    office: Office, ledger: Ledger
) -> None:
    async def used() -> int:
        return (await office.texts.usage(NOW - 1, "1001", "")).person

    await office.sent(1, "77", parts=3)
    await office.report("77", PieceState.FAILED, "absent")
    assert (await office.state(), await used()) == (TextState.FAILED, 3)
    await office.ask(2, parts=2)
    await office.step(await office.claim(), PieceState.FAILED, TextState.FAILED, words="refused")
    assert (await office.state(2), await used()) == (TextState.FAILED, 3)


async def test_what_people_write_goes_before_broadcasts_and_older_before_newer(
    office: Office, ledger: Ledger
) -> None:
    await office.ask(1, broadcast=1, due=NOW - 50)
    running = {"id": 1, "name": "x", "template": "x", "state": "running", "author": ""}
    begun = insert(broadcasts).values(**running, created=NOW, starts=NOW)
    await ledger.write(lambda it: it.execute(begun))
    let_go = update(texts).values(state=TextState.WAITING)
    await ledger.write(lambda it: it.execute(let_go))
    await office.ask(2, due=NOW - 5)
    await office.ask(3, due=NOW - 9)
    await office.ask(4, due=NOW + 9)
    await office.ask(5, gateway="other")
    claims = await office.claims(10)
    assert [it.text.source for it in claims] == ["test:3", "test:2", "test:1"]


async def test_no_more_are_claimed_than_asked_for_and_none_twice(office: Office) -> None:
    for number in range(5):
        await office.ask(number)
    first = await office.claims(2)
    rest = await office.claims(9, owner="there")
    assert len({it.text.id for it in first + rest}) == 5


async def test_a_clock_that_was_years_ahead_keeps_no_text_back(office: Office) -> None:
    await office.ask(1, due=NOW + 3e8)
    assert (await office.claim()).text.id == 1


async def test_whoever_says_stop_gets_not_even_what_waits(office: Office, ledger: Ledger) -> None:
    await office.ask(1)
    await office.ask(2, number="+628111")
    await StopList(ledger).add([NUMBER], "text:1", NOW)
    (claim,) = await office.claims(9)
    assert claim.text.number == "+628111"
    assert office.told == [(1, TextState.STOPPED, "its number is on the stop list", 0)]
    assert await office.mails() == 1
    assert await office.state(1) is TextState.STOPPED
    assert await office.pieces(1) == []


async def test_a_text_goes_piece_by_piece(office: Office) -> None:
    await office.ask(1, pieces=2, parts=2)
    claim = await office.claim()
    await office.step(claim, SENT, None)
    assert await office.state() is TextState.SENDING
    following = Claim(claim.text, 1)
    await office.begin(following, NOW)
    assert await office.pieces() == [SENT, PieceState.SENDING]
    await office.step(following, SENT, TextState.SENT)
    text, pieces = await office.book.show(1)
    assert (text.state, text.settled) == (TextState.SENT, NOW)
    assert [it.reference for it in pieces] == ["1-0", "1-1"]


async def test_what_was_not_sent_waits_and_goes_on_where_it_stopped(office: Office) -> None:
    await office.ask(1, pieces=2)
    claim = await office.claim()
    await office.step(claim, SENT, None)
    following = Claim(claim.text, 1)
    await office.begin(following, NOW)
    await office.step(following, None, TextState.WAITING, words="no signal", due=NOW + 30)
    text, pieces = await office.book.show(1)
    assert (text.state, text.attempts, text.words) == (TextState.WAITING, 1, "no signal")
    assert len(pieces) == 1
    assert await office.claims(9, now=NOW + 29) == []
    assert (await office.claim(now=NOW + 30)).at == 1


async def test_another_gateway_takes_over_with_its_own_split_and_price(office: Office) -> None:
    await office.ask(1)
    claim = await office.claim()
    await office.step(claim, None, TextState.WAITING, due=NOW, other=OTHER)
    taken = (await office.claim(gateway="kannel")).text
    assert (taken.own_number, taken.parts, taken.pieces, taken.price) == ("KLINIK", 3, 3, 300.0)


async def test_what_failed_is_told_of_by_its_steps_mails(office: Office, ledger: Ledger) -> None:
    await office.ask(1)
    claim = await office.claim()
    mails = tuple(office.tell(claim.text, TextState.FAILED, "no credit", 0))
    await office.step(claim, PieceState.FAILED, TextState.FAILED, words="no credit", mails=mails)
    text, _ = await office.book.show(1)
    assert (text.state, text.words) == (TextState.FAILED, "no credit")
    assert len(await Outbox(ledger).newest(None, 9)) == 1


async def test_what_strangers_say_is_stored_without_what_no_database_takes(office: Office) -> None:
    await office.ask(1, body="half \ud83d and \0")
    claim = await office.claim()
    words = "\udcff\0"
    await office.step(claim, PieceState.FAILED, TextState.FAILED, words=words, reference=None)
    text, pieces = await office.book.show(1)
    assert (text.body, text.words, pieces[0].words) == ("half � and �", "��", "��")


async def test_after_a_crash_what_was_being_sent_is_unknown_and_the_rest_goes_on(
    office: Office, ledger: Ledger
) -> None:
    for number in (1, 2, 3):
        await office.ask(number, pieces=2)
    claims = await office.claims(3)
    await office.step(claims[1], SENT, None)
    await office.step(claims[2], SENT, None)
    await office.begin(Claim(claims[2].text, 1), NOW)
    unknown = await office.texts.recover("here", NOW + 60, office.tell)
    assert [it.id for it in unknown] == [1, 3]
    assert [(it[0], it[1], it[3]) for it in office.told] == [
        (1, TextState.UNKNOWN, 0),
        (3, TextState.UNKNOWN, 1),
    ]
    assert [await office.state(it) for it in (1, 2, 3)] == ["unknown", "waiting", "unknown"]
    assert await office.pieces(3) == [SENT, PieceState.UNKNOWN]
    assert (await office.claim()).at == 1
    assert len(await Outbox(ledger).newest(None, 9)) == 2
    assert await office.texts.recover("there", NOW + 60, office.tell) == []


async def test_what_another_is_sending_is_left_to_it(office: Office) -> None:
    await office.ask(1)
    await office.claim()
    assert await office.texts.recover("there", NOW + 60, office.tell) == []
    assert await office.state() is TextState.SENDING


async def test_what_a_machine_of_another_name_began_is_not_forgotten(office: Office) -> None:
    await office.ask(1)
    await office.claim()
    assert len(await office.texts.recover("there", NOW + 86400, office.tell)) == 1
    assert await office.state() is TextState.UNKNOWN


async def test_what_was_not_begun_with_is_given_back(office: Office) -> None:
    await office.ask(1)
    claim = await office.claim()
    await office.texts.release([claim])
    assert (await office.state(), await office.pieces()) == (TextState.WAITING, [])
    assert (await office.claim()).at == 0


async def test_texts_of_a_gateway_that_is_gone_move_but_not_those_half_sent(
    office: Office, ledger: Ledger
) -> None:
    await office.ask(1, pieces=2)
    claim = await office.claim()
    await office.step(claim, SENT, None)
    await office.texts.recover("here", NOW, office.tell)
    await office.ask(2)
    await office.ask(3)
    waiting = WaitingTexts(ledger)
    assert await waiting.by_gateway() == {"modem": 3}
    assert [it.id for it in await waiting.at("modem", 9)] == [2, 3]
    await office.claim(1, now=NOW)  # the half-sent one, which is due first
    await waiting.reassign([(1, OTHER), (2, OTHER), (3, OTHER)], NOW)
    assert await waiting.by_gateway() == {"kannel": 2}
    assert (await office.book.show(1))[0].gateway == "modem"


async def test_a_days_pieces_are_counted_when_they_are_begun_not_when_they_are_reported_on(
    office: Office,
) -> None:
    claim = await office.sent(1, "7")
    await office.report("7", DELIVERED, now=NOW + 90_000)
    assert await office.texts.sent_since(NOW - 1) == {claim.text.gateway: 1}
    assert await office.texts.sent_since(NOW + 80_000) == {}


async def test_what_came_in_is_never_sent(office: Office) -> None:
    await office.ask(1, origin=Origin.GATEWAY, due=NOW + 1)
    assert await office.claims(9) == []


async def test_every_piece_keeps_when_it_was_begun(office: Office, ledger: Ledger) -> None:
    await office.sent(1)
    begun = await ledger.read(lambda it: it.scalar(select(text_pieces.c.begun)))
    assert begun == NOW
