"""Calls that the ledger owes: written with their text, claimed, put off, settled."""

from __future__ import annotations

from ledger.arrivals import Gathered, NewCall, NewPart, Taken
from ledger.entries import NewEntry
from ledger.facts import MissedCallFacts
from ledger.incoming_texts import IncomingTexts
from ledger.keyword_calls import KeywordCalls
from ledger.store import Ledger
from ledger.texts_so_far import TextsSoFar
from tests.ledger.sms_office import NOW, NUMBER, Office, new_text

LEASE = 60.0


async def take_in(ledger: Ledger, key: str = "a") -> None:
    def decide(gathered: Gathered, _: TextsSoFar) -> Taken:
        body = gathered.bodies[1] or ""
        call = NewCall("INFO", may_answer=True)
        return Taken(gathered.sender, body, "", account="keyword INFO", call=call)

    part = NewPart("modem", key, "raw", NUMBER, "+62800", NOW, "INFO harga")
    await IncomingTexts(ledger).take_in(part, NOW, decide)


async def test_a_call_is_claimed_with_its_text_and_not_twice_within_its_lease(
    ledger: Ledger,
) -> None:
    calls = KeywordCalls(ledger)
    for _ in range(2):
        await take_in(ledger)
    (call,) = await calls.claim(9, NOW, LEASE)
    assert (call.keyword, call.may_answer, call.attempts) == ("INFO", True, 1)
    assert (call.text.body, call.text.account, call.created) == ("INFO harga", "keyword INFO", NOW)
    assert await calls.claim(9, NOW + LEASE - 1, LEASE) == []
    (again,) = await calls.claim(9, NOW + LEASE, LEASE)
    assert again.attempts == 2


async def test_a_call_that_was_put_off_is_due_then(ledger: Ledger) -> None:
    calls = KeywordCalls(ledger)
    await take_in(ledger)
    (call,) = await calls.claim(9, NOW, LEASE)
    await calls.put_off(call, NOW + 600)
    assert await calls.claim(9, NOW + 599, LEASE) == []
    assert len(await calls.claim(9, NOW + 600, LEASE)) == 1


async def test_a_clock_that_was_years_ahead_does_not_end_calls(ledger: Ledger) -> None:
    calls = KeywordCalls(ledger)
    await take_in(ledger)
    (call,) = await calls.claim(9, NOW, LEASE)
    await calls.put_off(call, NOW + 10 * 365 * 86400)
    assert len(await calls.claim(9, NOW, LEASE)) == 1


async def test_what_the_program_answers_is_kept_once(ledger: Ledger, office: Office) -> None:
    calls = KeywordCalls(ledger)
    await take_in(ledger)
    (call,) = await calls.claim(9, NOW, LEASE)
    answer = new_text(source="answer:text:modem:a", body="Rp 5.000")
    assert await calls.told(call, NOW, lambda _: answer)
    assert not await calls.told(call, NOW, lambda _: answer)
    assert await calls.claim(9, NOW + LEASE, LEASE) == []
    assert [text.body for text in await office.book.newest(None, None, 9)] == [
        "Rp 5.000",
        "INFO harga",
    ]


async def test_a_call_that_is_given_up_leaves_its_mail(ledger: Ledger, office: Office) -> None:
    calls = KeywordCalls(ledger)
    await take_in(ledger)
    (call,) = await calls.claim(9, NOW, LEASE)
    mail = NewEntry("x", "", "admin@x.example", "<x@x>", MissedCallFacts("1", "", 1, 1))
    await calls.give_up(call, NOW, [mail])
    assert await office.mails() == 1
    assert await calls.claim(9, NOW + LEASE, LEASE) == []
