"""The SMPP gateway against an SMSC whose PDUs another implementation reads and writes."""

from __future__ import annotations

import asyncio
from collections import Counter
from random import Random

import smpp34

from lab.smsc_texts import ACCEPT, DROP, STALL, THROTTLE, Answer, Text
from sms.gateway import GatewayState, NotNow, Outgoing, Refused, Sent, Unknown
from sms.gateways.smpp.gateway import Pauses
from sms.gateways.smpp.session import Patience
from tests.sms.remembering_inbox import RememberingInbox
from tests.with_sms.smpp_account import (
    make_smsc,
    running,
    settings_for,
    text_of,
    until_state,
    until_up,
)

HALO = Text("628123456789", "62811000111", b"Halo, apa kabar?")


async def test_a_text_goes_out_with_the_addresses_and_the_alphabet_of_smpp() -> None:
    async with make_smsc() as smsc, running(smsc, RememberingInbox()) as gateway:
        assert await gateway.send(text_of("Rp 5{} @ €")) == Sent("1")
    (sent,) = smsc.taken
    assert (sent.source_addr_ton, sent.source_addr_npi, sent.source_addr) == (1, 1, "62811000111")
    assert (sent.dest_addr_ton, sent.dest_addr_npi) == (1, 1)
    assert sent.destination_addr == "628123456789"
    assert sent.short_message == b"Rp 5\x1b\x28\x1b\x29 \x00 \x1b\x65"
    assert (sent.data_coding, sent.esm_class, sent.registered_delivery) == (0, 0, 1)


async def test_long_texts_carry_their_header_and_emoji_go_in_utf16() -> None:
    async with make_smsc() as smsc, running(smsc, RememberingInbox()) as gateway:
        pieces = gateway.pieces("🙂" * 40, 7)
        for number, piece in enumerate(pieces):
            outgoing = Outgoing(f"9-{number}", "+628123456789", "KLINIK", piece)
            assert isinstance(await gateway.send(outgoing), Sent)
    assert [it.short_message[:6] for it in smsc.taken] == [
        b"\x05\x00\x03\x07\x02\x01",
        b"\x05\x00\x03\x07\x02\x02",
    ]
    assert b"".join(it.short_message[6:] for it in smsc.taken).decode("utf-16-be") == "🙂" * 40
    assert {(it.esm_class, it.data_coding) for it in smsc.taken} == {(0x40, 8)}
    assert {(it.source_addr_ton, it.source_addr) for it in smsc.taken} == {(5, "KLINIK")}


async def test_an_smsc_of_latin_letters_gets_them_and_all_others_in_utf16() -> None:
    async with (
        make_smsc() as smsc,
        running(smsc, RememberingInbox(), default_alphabet="latin1") as gateway,
    ):
        for body in ("Ñoño @ {5}", "5 €"):
            (piece,) = gateway.pieces(body, 1)
            await gateway.send(Outgoing(body, "+628123456789", None, piece))
    assert [(it.data_coding, it.short_message) for it in smsc.taken] == [
        (0, "Ñoño @ {5}".encode("latin-1")),
        (8, "5 €".encode("utf-16-be")),
    ]


async def test_each_refusal_has_its_fate() -> None:
    answers = iter([0x58, 0x14, 0x08, 0x0B, 0x0A, 0x45, 0x64, 0x0400])
    async with (
        make_smsc(choose=lambda _text, _id: Answer(next(answers))) as smsc,
        running(smsc, RememberingInbox()) as gateway,
    ):
        fates = [await gateway.send(text_of(key=f"{it}-0")) for it in range(8)]
        assert smsc.taken == []
        assert gateway.health().state is GatewayState.UP
    assert [type(it) for it in fates] == [
        *(NotNow, NotNow, NotNow),
        *(Refused, Refused, Refused),
        *(NotNow, NotNow),
    ]
    down = [it.gateway_down for it in fates if isinstance(it, NotNow)]
    assert down == [False, False, True, False, False]
    assert "ESME_RINVDSTADR" in fates[3].words
    assert "0x400" in fates[7].words


async def test_a_throttled_gateway_waits_before_the_next_text() -> None:
    clock = asyncio.get_running_loop().time
    came: list[float] = []

    def choose(_text: smpp34.SubmitSm, _id: str) -> Answer:
        came.append(clock())
        return THROTTLE if len(came) == 1 else ACCEPT

    async with make_smsc(choose=choose) as smsc, running(smsc, RememberingInbox()) as gateway:
        assert isinstance(await gateway.send(text_of()), NotNow)
        assert isinstance(await gateway.send(text_of()), Sent)
    assert came[1] - came[0] >= 0.45


async def test_a_text_that_gets_no_answer_is_unknown_whether_time_or_the_link_ran_out() -> None:
    answers = iter([STALL, DROP])
    async with (
        make_smsc(choose=lambda _text, _id: next(answers)) as smsc,
        running(smsc, RememberingInbox()) as gateway,
    ):
        assert isinstance(await gateway.send(text_of()), Unknown)
        assert isinstance(await gateway.send(text_of()), Unknown)
    assert len(smsc.submitted) == 2


async def test_without_a_link_a_text_has_certainly_not_gone() -> None:
    smsc = make_smsc()
    async with running(smsc, RememberingInbox(), bound=False) as gateway:
        fate = await gateway.send(text_of())
        assert isinstance(fate, NotNow)
        assert fate.gateway_down
        async with smsc:
            await until_up(gateway)
            assert isinstance(await gateway.send(text_of()), Sent)


async def test_after_an_unanswered_text_one_at_a_time_goes_until_the_smsc_answers() -> None:
    answering = False

    def choose(_text: smpp34.SubmitSm, _id: str) -> Answer:
        return ACCEPT if answering else STALL

    async with (
        make_smsc(choose=choose) as smsc,
        running(smsc, RememberingInbox(), window=5) as gateway,
    ):
        assert isinstance(await gateway.send(text_of()), Unknown)
        sending = [asyncio.create_task(gateway.send(text_of(key=f"{it}-0"))) for it in range(5)]
        await asyncio.wait(sending, timeout=0.2)
        assert len(smsc.submitted) == 2
        answering = True
        smsc.links[0].answer_all()
        assert [type(await it) for it in sending] == [Sent] * 5


async def test_an_smsc_that_answers_no_text_is_tried_with_one_now_and_then() -> None:
    answers = [STALL, STALL, ACCEPT]
    async with (
        make_smsc(choose=lambda _text, _id: answers.pop(0)) as smsc,
        running(smsc, RememberingInbox(), window=5) as gateway,
    ):
        assert isinstance(await gateway.send(text_of()), Unknown)
        assert gateway.health().state is GatewayState.UP
        assert isinstance(await gateway.send(text_of()), Unknown)
        assert gateway.health().state is GatewayState.DOWN
        fate = await gateway.send(text_of())
        assert isinstance(fate, NotNow)
        assert fate.gateway_down
        await until_up(gateway)
        assert isinstance(await gateway.send(text_of()), Sent)


async def test_the_window_is_filled_and_answers_find_their_texts_in_any_order() -> None:
    async with (
        make_smsc(id_of=lambda number: f"id{number}") as smsc,
        running(smsc, RememberingInbox(), window=20) as gateway,
    ):
        fates = await asyncio.gather(
            *(gateway.send(text_of(f"text {it}", f"{it}-0")) for it in range(200))
        )
    bodies = [it.short_message.decode() for it in smsc.taken]
    for number, fate in enumerate(fates):
        assert isinstance(fate, Sent)
        assert fate.reference is not None
        assert bodies[int(fate.reference.removeprefix("id")) - 1] == f"text {number}"


async def test_nothing_is_submitted_twice_over_fifty_dropped_links() -> None:
    drops = 0

    def choose(text: smpp34.SubmitSm, _id: str) -> Answer:
        nonlocal drops
        if len(smsc.submitted) % 7 == 3 and drops < 50:
            drops += 1
            return DROP if drops % 2 else Answer(cuts=True)
        return ACCEPT

    smsc = make_smsc(choose=choose)
    fates: dict[str, object] = {}

    async def send(body: str) -> None:
        while True:
            await until_up(gateway)
            fate = await gateway.send(text_of(body))
            if not isinstance(fate, NotNow):
                fates[body] = fate
                return
            await asyncio.sleep(0.002)

    async def sender(bodies: list[str]) -> None:
        for body in bodies:
            await send(body)

    async with smsc, running(smsc, RememberingInbox(), window=4) as gateway:
        bodies = [f"text {number}" for number in range(600)]
        async with asyncio.timeout(60):
            await asyncio.gather(*(sender(bodies[it::4]) for it in range(4)))
    counts = Counter(it.short_message.decode() for it in smsc.submitted)
    assert drops == 50
    assert set(counts.values()) == {1}
    taken = {it.short_message.decode() for it in smsc.taken}
    for body, fate in fates.items():
        assert isinstance(fate, Sent | Unknown)
        if isinstance(fate, Sent):
            assert body in taken
    assert len([it for it in fates.values() if isinstance(it, Unknown)]) <= 50 * 4


async def test_a_text_is_answered_only_once_it_is_durable() -> None:
    inbox = RememberingInbox()
    inbox.open.clear()
    async with make_smsc(patience=30) as smsc, running(smsc, inbox):
        await smsc.bring(HALO)
        await asyncio.sleep(0.1)
        assert smsc.statuses == []
        inbox.open.set()
        await smsc.until(lambda: smsc.statuses == [0])
    (text,) = inbox.texts.values()
    assert text.body == "Halo, apa kabar?"
    assert (text.sender, text.own_number) == ("+628123456789", "+62811000111")
    assert HALO.octets.hex() in text.raw


async def test_what_the_ledger_does_not_take_is_brought_again() -> None:
    inbox = RememberingInbox()
    inbox.failures = 2
    async with make_smsc(patience=0.05) as smsc, running(smsc, inbox):
        await smsc.bring(HALO)
        await smsc.until(lambda: not smsc.waiting)
    assert smsc.statuses == [0x64, 0x64, 0]
    assert len(inbox.texts) == 1


async def test_a_text_whose_answer_was_lost_with_the_link_comes_in_once() -> None:
    inbox = RememberingInbox()
    async with make_smsc(patience=30) as smsc, running(smsc, inbox) as gateway:
        inbox.open.clear()
        await smsc.bring(HALO)
        await asyncio.sleep(0.05)
        await smsc.hang_up()
        inbox.open.set()
        await smsc.until(lambda: not smsc.waiting)
        await until_up(gateway)
        assert len(inbox.came) == 2
        assert len(inbox.texts) == 1
        await smsc.bring(HALO)
        await smsc.bring(HALO)
        await smsc.until(lambda: not smsc.waiting)
    assert len(inbox.texts) == 3


async def test_a_ledger_that_stands_still_does_not_keep_texts_from_going_out() -> None:
    inbox = RememberingInbox()
    inbox.open.clear()
    async with make_smsc() as smsc, running(smsc, inbox) as gateway:
        for number in range(250):
            smsc.links[0].ask(0x05, HALO.encode(number)[16:])
        await smsc.until(lambda: smsc.commands[0x8000_0005] == 50)
        assert isinstance(await gateway.send(text_of()), Sent)
        inbox.open.set()
        await smsc.until(lambda: smsc.commands[0x8000_0005] == 250)
    assert len(inbox.texts) == 200


async def test_a_hundred_texts_over_twenty_cut_links_come_in_once_each() -> None:
    inbox = RememberingInbox()
    random = Random(7)
    async with make_smsc(patience=0.2) as smsc, running(smsc, inbox):
        for cut in range(20):
            inbox.failures = cut % 4 == 3
            came = len(inbox.came)
            for number in range(5):
                await smsc.bring(Text("628123456789", "1", b"text %d" % (5 * cut + number)))
            await inbox.until(lambda it: len(it.came) > came)  # noqa: B023
            await asyncio.sleep(random.random() / 500)
            await smsc.hang_up()
        await smsc.until(lambda: not smsc.waiting)
    bodies = Counter(it.body for it in inbox.texts.values())
    assert bodies == {f"text {number}": 1 for number in range(100)}
    assert len(inbox.came) > 100


async def test_receipts_of_all_texts_come_back_by_their_references() -> None:
    inbox = RememberingInbox()
    smsc = make_smsc(
        receipts=True,
        id_of=lambda it: f"{it + 4000:X}",
        receipt_id_of=lambda it: f"{it + 4000:010}",
    )
    async with smsc, running(smsc, inbox) as gateway:
        fates = [await gateway.send(text_of(f"text {it}")) for it in range(20)]
        await inbox.until(lambda it: len(it.reports) == 20)
    assert [it.reference for it in inbox.reports] == [it.reference for it in fates]
    assert {(it.state, it.words, it.number) for it in inbox.reports} == {
        ("delivered", "DELIVRD", "+628123456789")
    }


async def test_a_wrong_password_is_told_and_tried_again_slowly() -> None:
    smsc = make_smsc()
    smsc.accounts["clinic"] = "another"
    async with smsc, running(smsc, RememberingInbox(), bound=False) as gateway:
        await until_state(gateway, GatewayState.DOWN)
        await asyncio.sleep(0.2)
        assert smsc.commands[0x09] == 1
        words = gateway.health().words
    assert "clinic" in words
    assert "password is wrong" in words
    assert "s3cret" not in words


async def test_a_refused_account_is_bound_once_it_is_right() -> None:
    smsc = make_smsc()
    accounts, smsc.accounts = smsc.accounts, {}
    pauses = Pauses(refused=(0.05, 0.05))
    async with smsc, running(smsc, RememberingInbox(), bound=False, pauses=pauses) as gateway:
        await until_state(gateway, GatewayState.DOWN)
        assert "system_id is unknown" in gateway.health().words
        smsc.accounts = accounts
        await until_up(gateway)


async def test_a_silent_link_is_asked_and_one_that_stays_silent_is_given_up() -> None:
    patience = Patience(connect=2.0, answer=0.3, silence=0.1, farewell=0.2)
    async with make_smsc() as smsc, running(smsc, RememberingInbox(), patience=patience) as gateway:
        await smsc.until(lambda: smsc.commands[0x15] >= 3)
        assert gateway.health().state is GatewayState.UP
        smsc.is_deaf = True
        await until_state(gateway, GatewayState.DOWN)
        assert "enquire_link" in gateway.health().words
        smsc.is_deaf = False
        await until_up(gateway)


async def test_the_smscs_own_requests_are_answered() -> None:
    async with make_smsc() as smsc, running(smsc, RememberingInbox()) as gateway:
        smsc.links[0].ask(0x15)
        smsc.links[0].ask(0x777)
        await smsc.until(lambda: smsc.commands[0x8000_0015] == 1)
        await smsc.until(lambda: smsc.commands[0x8000_0000] == 1)
        smsc.links[0].ask(0x06)
        await smsc.until(lambda: smsc.commands[0x8000_0006] == 1)
        await smsc.until(lambda: not smsc.links)
        await until_up(gateway)


async def test_a_clean_end_awaits_what_is_under_way_and_unbinds() -> None:
    inbox = RememberingInbox()
    inbox.open.clear()
    patience = Patience(answer=5.0, farewell=3.0)
    async with make_smsc(patience=30) as smsc:
        async with running(smsc, inbox, patience=patience):
            await smsc.bring(HALO)
            await asyncio.sleep(0.05)
            asyncio.get_running_loop().call_later(0.1, inbox.open.set)
        assert smsc.statuses == [0]
        assert smsc.commands[0x06] == 1


async def test_octets_that_are_no_smpp_end_the_link_and_nothing_else() -> None:
    async with make_smsc() as smsc, running(smsc, RememberingInbox()) as gateway:
        smsc.links[0].say_octets(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        await smsc.until(lambda: not smsc.links)
        await smsc.until(lambda: bool(smsc.links))
        await until_up(gateway)
        assert isinstance(await gateway.send(text_of()), Sent)


async def test_a_text_that_cannot_be_read_is_kept_as_it_came() -> None:
    inbox = RememberingInbox()
    async with make_smsc() as smsc, running(smsc, inbox):
        await smsc.bring(Text("628123456789", "1", b"\x01\x02", data_coding=4))
        smsc.links[0].ask(0x05, b"\x00\x01\x01628")
        await inbox.until(lambda it: len(it.came) == 2)
        await smsc.until(lambda: smsc.commands[0x8000_0005] == 2)
    assert {it.body for it in inbox.came} == {None}
    assert all(it.trouble for it in inbox.came)
    assert any("3632" in it.raw and not it.sender for it in inbox.came)


async def test_the_facts_of_health_are_those_of_the_link() -> None:
    async with make_smsc() as smsc, running(smsc, RememberingInbox()) as gateway:
        assert gateway.health().facts == {
            "bound_as": "transceiver",
            "smsc": "lab",
            "window": 10,
            "under_way": 0,
            "last_error": "",
        }
        assert gateway.window == settings_for(smsc).window
        assert gateway.callbacks() == ()
