"""Reports of the network: in any order, twice, early, of references that come again."""

from __future__ import annotations

import pytest

from ledger.texts import Claim, PieceState, TextState
from tests.ledger.sms_office import NOW, Office

SENT, DELIVERED, FAILED = PieceState.SENT, PieceState.DELIVERED, PieceState.FAILED
UNKNOWN = PieceState.UNKNOWN


async def test_a_text_is_delivered_once_all_of_its_pieces_are(office: Office) -> None:
    await _whole(office, 3)
    for place in (2, 0):
        assert await office.report(f"r{place}", DELIVERED)
        assert await office.state() is TextState.SENT
    assert await office.report("r1", DELIVERED, "delivered at last")
    text, _ = await office.book.show(1)
    assert (text.state, text.words) == (TextState.DELIVERED, None)
    assert office.told == []


async def test_one_piece_that_fails_fails_the_text_and_is_told_of_once(office: Office) -> None:
    await _whole(office, 2)
    await office.report("r1", FAILED, "absent subscriber")
    await office.report("r1", FAILED, "absent subscriber")
    await office.report("r0", DELIVERED)
    text, _ = await office.book.show(1)
    assert (text.state, text.words) == (TextState.FAILED, "absent subscriber")
    assert office.told == [(1, TextState.FAILED, "absent subscriber", 1)]


async def test_the_network_may_take_a_failure_back(office: Office) -> None:
    await office.sent(1, "7")
    await office.report("7", FAILED, "later")
    await office.report("7", DELIVERED)
    assert await office.state() is TextState.DELIVERED


async def test_what_is_delivered_stays_so(office: Office) -> None:
    await office.sent(1, "7")
    for state in (DELIVERED, FAILED, None, DELIVERED):
        await office.report("7", state)
    assert (await office.state(), await office.pieces()) == (TextState.DELIVERED, [DELIVERED])


async def test_on_its_way_says_nothing_new_of_what_was_sent(office: Office) -> None:
    await office.sent(1, "7")
    assert await office.report("7", None, "buffered")
    assert await office.pieces() == [SENT]


async def test_an_unknown_text_is_known_once_there_is_a_report(office: Office) -> None:
    for number, (state, stands) in enumerate(
        [
            (None, TextState.SENT),
            (DELIVERED, TextState.DELIVERED),
            (FAILED, TextState.FAILED),
        ],
        1,
    ):
        await office.ask(number)
        await office.claim()
        await office.texts.recover("here", NOW, office.tell)
        assert await office.state(number) is TextState.UNKNOWN
        await office.report(f"{number}-0", state, "says the network")
        assert await office.state(number) is stands


async def test_a_report_that_resolves_an_unknown_piece_lets_the_rest_go_out(
    office: Office,
) -> None:
    await office.ask(1, pieces=3)
    claim = await office.claim()
    await office.step(claim, SENT, None)
    await office.begin(Claim(claim.text, 1), NOW)
    await office.texts.recover("here", NOW, office.tell)
    assert await office.claims(9) == []
    await office.report("1-1", DELIVERED)
    assert (await office.claim()).at == 2


@pytest.mark.parametrize(
    ("reported", "stands"), [(DELIVERED, TextState.DELIVERED), (FAILED, TextState.FAILED)]
)
async def test_a_text_that_was_reported_on_before_a_crash_is_not_claimed_beyond_its_last_piece(
    office: Office, reported: PieceState, stands: TextState
) -> None:
    await office.ask(1)
    await office.claim()
    await office.report("1-0", reported, "says the network")
    assert await office.texts.recover("here", NOW, office.tell) == []
    assert await office.claims(9) == []
    assert await office.state() is stands
    failed = [(1, TextState.FAILED, "says the network", 0)]
    assert office.told == (failed if stands is TextState.FAILED else [])


async def test_a_report_by_our_own_name_may_come_before_the_gateways_answer(
    office: Office,
) -> None:
    await office.ask(1)
    claim = await office.claim()
    assert await office.report("1-0", DELIVERED)
    assert await office.state() is TextState.SENDING
    await office.step(claim, SENT, TextState.SENT, reference="1-0")
    assert await office.state() is TextState.DELIVERED


async def test_a_report_by_the_gateways_name_may_come_before_its_answer(office: Office) -> None:
    await office.ask(1)
    claim = await office.claim()
    assert not await office.report("gw-9", DELIVERED)
    await office.step(claim, SENT, TextState.SENT, reference="gw-9")
    assert await office.state() is TextState.DELIVERED


async def test_an_early_failure_is_told_of(office: Office) -> None:
    await office.ask(1)
    claim = await office.claim()
    await office.report("gw-9", FAILED, "no such number")
    await office.step(claim, SENT, TextState.SENT, reference="gw-9")
    assert await office.state() is TextState.FAILED
    assert office.told == [(1, TextState.FAILED, "no such number", 0)]


async def test_no_mail_says_that_a_text_is_unknown_which_an_early_report_knows(
    office: Office,
) -> None:
    await office.ask(1)
    claim = await office.claim()
    await office.report("1-0", DELIVERED)
    mails = tuple(office.tell(claim.text, TextState.UNKNOWN, "no answer", 0))
    await office.step(claim, UNKNOWN, TextState.UNKNOWN, words="no answer", mails=mails)
    assert await office.state() is TextState.DELIVERED
    assert await office.mails() == 0


async def test_two_early_reports_of_two_names_of_one_piece_keep_nothing_waiting(
    office: Office,
) -> None:
    # The row is delivered by our name of it: the gateway's own name finds no row of its own.
    await office.ask(1)
    claim = await office.claim()
    await office.report("1-0", DELIVERED)
    await office.report("gw-9", DELIVERED)
    await office.step(claim, SENT, TextState.SENT, reference="gw-9")
    assert await office.state() is TextState.DELIVERED


async def test_an_early_report_of_long_ago_is_not_of_todays_text(office: Office) -> None:
    await office.report("17", FAILED, "of a text that was none of ours", now=NOW - 4000)
    await office.sent(1, "17")
    assert await office.state() is TextState.SENT


async def test_an_early_report_of_another_number_is_not_of_this_text(office: Office) -> None:
    await office.report("17", FAILED, number="+6281999")
    await office.sent(1, "17")
    assert await office.state() is TextState.SENT


async def test_references_that_come_again_are_told_apart_by_the_number(office: Office) -> None:
    await office.sent(1, "17", number="+628111")
    await office.sent(2, "17", number="+628222")
    assert await office.report("17", DELIVERED, number="+628111")
    assert await office.report("17", FAILED, number="+628222")
    assert not await office.report("17", DELIVERED, number="+628333")
    assert [await office.state(it) for it in (1, 2)] == ["delivered", "failed"]


async def test_references_that_come_again_for_one_number_are_of_the_latest_text(
    office: Office,
) -> None:
    number = "+628111"
    await office.sent(1, "17", number=number)
    await office.report("17", DELIVERED, number=number)
    await office.ask(2, number=number)
    claim = await office.claim()
    # Before it is recorded that the new text has this reference, too.
    assert not await office.report("17", DELIVERED, number=number, now=NOW + 1)
    await office.step(claim, SENT, TextState.SENT, reference="17", now=NOW + 2)
    assert await office.state(2) is TextState.DELIVERED


async def test_gateways_do_not_know_each_others_references(office: Office) -> None:
    await office.sent(1, "7", gateway="kannel")
    assert not await office.report("7", DELIVERED)
    assert await office.state() is TextState.SENT


async def test_a_text_given_up_by_hand_stays_given_up(office: Office) -> None:
    await office.ask(1)
    await office.claim()
    await office.texts.recover("here", NOW, office.tell)
    await office.book.drop(1, NOW)
    await office.report("1-0", DELIVERED)
    assert (await office.state(), await office.pieces()) == (TextState.DROPPED, [DELIVERED])


async def test_a_report_while_later_pieces_wait_does_not_send_them_twice(office: Office) -> None:
    await office.ask(1, pieces=2)
    claim = await office.claim()
    await office.step(claim, SENT, None)
    await office.begin(Claim(claim.text, 1), NOW)
    await office.step(Claim(claim.text, 1), None, TextState.WAITING, due=NOW + 60)
    await office.report("1-0", DELIVERED)
    assert await office.state() is TextState.WAITING
    assert (await office.claim(now=NOW + 60)).at == 1


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)])
async def test_the_order_of_reports_does_not_matter(office: Office, order: tuple[int, ...]) -> None:
    await _whole(office, 3)
    for place in order:
        await office.report(f"r{place}", FAILED if place == 1 else DELIVERED, f"of {place}")
    text, _ = await office.book.show(1)
    assert (text.state, text.words) == (TextState.FAILED, "of 1")


async def _whole(office: Office, pieces: int) -> None:
    """A text that went out whole; its pieces are named r0, r1, ..."""
    await office.ask(1, pieces=pieces)
    claim = await office.claim()
    for place in range(pieces):
        if place:
            await office.begin(Claim(claim.text, place), NOW)
        end = TextState.SENT if place == pieces - 1 else None
        await office.step(Claim(claim.text, place), SENT, end, reference=f"r{place}")
