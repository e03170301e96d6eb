"""What people see of texts, and decide by hand."""

from __future__ import annotations

import pytest

from ledger.arrivals import NewPart
from ledger.errors import NoSuchEntry
from ledger.incoming_texts import IncomingTexts
from ledger.store import Ledger
from ledger.texts import Claim, PieceState, TextState
from tests.ledger.sms_office import NOW, NUMBER, Office
from tests.ledger.test_texts_in import Reader

SENT, FAILED, UNKNOWN = PieceState.SENT, PieceState.FAILED, PieceState.UNKNOWN


async def test_the_newest_of_one_state_and_of_one_number(office: Office) -> None:
    await office.sent(1)
    await office.ask(2, number="+62811")
    await office.ask(3)
    newest = office.book.newest
    assert [it.id for it in await newest(None, None, 2)] == [3, 2]
    assert [it.id for it in await newest(TextState.WAITING, None, 9)] == [3, 2]
    assert [it.id for it in await newest(None, NUMBER, 9)] == [3, 1]
    assert [it.id for it in await newest(TextState.WAITING, NUMBER, 9)] == [3]


async def test_what_is_not_there_is_told(office: Office) -> None:
    with pytest.raises(NoSuchEntry, match="no text 7"):
        await office.book.show(7)
    with pytest.raises(NoSuchEntry, match="no text 7"):
        await office.book.retry(7, NOW)


async def test_an_unknown_text_is_sent_again_only_from_its_unknown_piece(office: Office) -> None:
    await _stopped_at_second(office, UNKNOWN, TextState.UNKNOWN)
    text = await office.book.retry(1, NOW + 50)
    assert (text.state, text.due, text.settled) == (TextState.WAITING, NOW + 50, None)
    claim = await office.claim(now=NOW + 50)
    assert claim.at == 1
    assert await office.pieces() == [SENT, PieceState.SENDING]


async def test_a_text_whose_first_piece_failed_later_is_sent_whole_again(office: Office) -> None:
    await _stopped_at_second(office, SENT, TextState.SENT)
    await office.report("1-0", FAILED, "absent")
    await office.book.retry(1, NOW)
    assert (await office.claim()).at == 0


async def test_a_text_that_was_given_up_before_any_piece_is_tried_anew(office: Office) -> None:
    await office.ask(1)
    claim = await office.claim()
    await office.step(claim, None, TextState.FAILED, words="given up: no signal")
    await office.book.retry(1, NOW)
    assert (await office.claim()).at == 0


async def test_a_text_that_is_known_to_have_gone_is_not_sent_again(office: Office) -> None:
    await office.ask(1)
    await office.claim()
    await office.texts.recover("here", NOW, office.tell)
    await office.book.drop(1, NOW)
    await office.report("1-0", PieceState.DELIVERED)
    text = await office.book.retry(1, NOW)
    assert text.state is TextState.DELIVERED
    assert await office.claims(9) == []


@pytest.mark.parametrize("state", ["sending", "sent", "received"])
async def test_what_is_well_cannot_be_retried(office: Office, ledger: Ledger, state: str) -> None:
    if state == "received":
        new = NewPart("modem", "k", "raw", NUMBER, None, NOW, "Halo")
        await IncomingTexts(ledger).take_in(new, NOW, Reader())
    else:
        await office.ask(1)
        claim = await office.claim()
        if state == "sent":
            await office.step(claim, SENT, TextState.SENT)
    with pytest.raises(NoSuchEntry, match=f"text 1 is {state}: only failed, unknown"):
        await office.book.retry(1, NOW)
    assert await office.state() == state


async def test_a_text_that_was_put_off_is_tried_at_once(office: Office) -> None:
    await office.ask(1)
    claim = await office.claim()
    await office.step(claim, None, TextState.WAITING, due=NOW + 3600)
    text = await office.book.retry(1, NOW + 1)
    assert (text.due, text.attempts) == (NOW + 1, 0)
    assert (await office.claim(now=NOW + 1)).at == 0


async def test_what_waits_or_failed_is_dropped_and_what_is_sent_is_not(office: Office) -> None:
    await office.ask(1)
    assert (await office.book.drop(1, NOW)).state is TextState.DROPPED
    assert await office.claims(9) == []
    await office.sent(2)
    with pytest.raises(NoSuchEntry, match="text 2 is sent"):
        await office.book.drop(2, NOW)


async def test_a_dropped_text_can_be_sent_after_all(office: Office) -> None:
    await office.ask(1)
    await office.book.drop(1, NOW)
    await office.book.retry(1, NOW)
    assert (await office.claim()).text.id == 1


async def test_how_things_stand(office: Office, ledger: Ledger) -> None:
    await office.ask(1)
    await office.ask(2, due=NOW + 99)
    await office.ask(3, broadcast=1)
    new = NewPart("modem", "k", "raw", NUMBER, None, NOW, "Halo", None, 1, 2, 1)
    await IncomingTexts(ledger).take_in(new, NOW + 5, Reader())
    depth = await office.book.depth(NOW + 10)
    assert (depth.oldest_waiting, depth.parts, depth.oldest_part) == (NOW, 1, NOW + 5)
    assert depth.by_state[TextState.WAITING] == 2
    await office.book.drop(1, NOW)
    depth = await office.book.depth(NOW + 10)
    assert (depth.oldest_waiting, depth.by_state[TextState.DROPPED]) == (None, 1)


async def test_the_raw_parts_of_a_text_are_kept(office: Office, ledger: Ledger) -> None:
    new = NewPart("modem", "k", "0791", NUMBER, None, NOW, "Halo")
    await IncomingTexts(ledger).take_in(new, NOW, Reader())
    (part,) = await office.book.parts(1)
    assert (part.raw, part.body, part.number) == ("0791", "Halo", None)
    assert await office.book.parts(9) == []


async def _stopped_at_second(office: Office, piece: PieceState, end: TextState) -> None:
    """A text of two pieces; what became of the second one."""
    await office.ask(1, pieces=2)
    claim = await office.claim()
    await office.step(claim, SENT, None)
    following = Claim(claim.text, 1)
    await office.begin(following, NOW)
    await office.step(following, piece, end, words="x")
