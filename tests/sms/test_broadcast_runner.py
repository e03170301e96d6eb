"""Broadcasts on their way: a real ledger and a lane, with the clock in hand."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from ledger.broadcast_rows import BroadcastState, NewBroadcast
from ledger.broadcasts import BroadcastBook
from ledger.facts import NoticeFacts
from ledger.outgoing_texts import OutgoingTexts
from ledger.text_book import TextBook
from ledger.texts import TextState
from sms.broadcast.filling import fill
from sms.broadcast.plan import Maker
from sms.broadcast.template import read_template
from sms.gateway import NotNow, Refused, Sent
from tests.ledger.text_samples import single
from tests.sms.broadcast_desk import TEXT, carriage, customers, running_desk
from tests.sms.memory_gateway import MemoryGateway
from tests.sms.sms_office import running_office

SENT = TextState.SENT
LATE = 1_800_021_300.0  # 20:55 in Jakarta
QUIET = 'quiet = "21:00-08:00"'


async def test_everybody_gets_his_own_text_once(tmp_path: Path) -> None:
    async with running_desk(tmp_path) as desk:
        _, added = await desk.create(customers(40))
        assert added == 40
        assert await desk.step()
        await desk.until_sent(40)
        assert {it.piece.text for it in desk.gateway.sent} == {f"Halo Ibu {n}" for n in range(40)}
        assert len(desk.sent) == len(set(desk.sent)) == 40
        await desk.step()
        found, tally = await desk.standing()
        assert (found.state, tally.states) == (BroadcastState.DONE, {SENT: 40})


async def test_paused_it_sends_nothing_until_it_is_continued(tmp_path: Path) -> None:
    gateway = MemoryGateway("one", window=2)
    gateway.held.clear()
    async with running_desk(tmp_path, gateway=gateway) as desk:
        await desk.create(customers(10))
        await desk.step()
        await gateway.begun.wait()
        await desk.book.pause("promo")
        gateway.held.set()
        await desk.until_sent(2)
        assert not await desk.step()
        desk.lane.wake()
        _, tally = await desk.standing()
        assert tally.states == {SENT: 2, TextState.HELD: 8}
        await desk.book.go_on("promo")
        assert await desk.step()
        await desk.until_sent(10)
        assert len(set(desk.sent)) == len(desk.sent) == 10


async def test_stopped_it_drops_what_waits_and_what_is_put_off(tmp_path: Path) -> None:
    gateway = MemoryGateway("one", window=2)
    gateway.held.clear()
    gateway.fates.extend([NotNow("busy"), Sent("r1")])
    async with running_desk(tmp_path, gateway=gateway) as desk:
        await desk.create(customers(2500))
        await desk.step()
        await gateway.begun.wait()
        await desk.book.stop("promo", desk.moment)
        gateway.held.set()
        await desk.until_sent(1)
        await desk.step()
        await desk.step(1000.0)
        found, tally = await desk.standing()
        assert found.state is BroadcastState.STOPPED
        assert tally.states == {SENT: 1, TextState.DROPPED: 2499}
        (letter,) = await desk.letters()
        assert isinstance(letter.facts, NoticeFacts)
        assert letter.facts.fields["dropped"] == 2499


async def test_it_begins_when_it_is_to(tmp_path: Path) -> None:
    async with running_desk(tmp_path) as desk:
        await desk.create(customers(3), starts=desk.moment + 3600.0)
        assert not await desk.step(3599.0)
        assert (await desk.standing())[0].state is BroadcastState.SCHEDULED
        assert await desk.step(1.0)
        await desk.until_sent(3)


async def test_in_quiet_hours_nothing_goes_and_then_the_rest_by_itself(tmp_path: Path) -> None:
    gateway = MemoryGateway("one", window=2)
    async with running_desk(tmp_path, sms=QUIET, gateway=gateway, moment=LATE) as desk:
        await desk.create(customers(10), per_minute=60)
        for _ in range(3):
            await desk.step(1.0)
        await desk.until_sent(3)
        assert not await desk.step(300.0)
        found, tally = await desk.standing()
        assert (found.state, found.words) == (BroadcastState.SCHEDULED, "quiet hours 21:00-08:00")
        assert tally.states == {SENT: 3, TextState.HELD: 7}
        assert not await desk.step(10 * 3600.0)
        assert await desk.step(3600.0)
        for _ in range(8):
            await desk.step(1.0)
        await desk.until_sent(10)


async def test_what_was_released_before_the_night_stays_till_the_morning(tmp_path: Path) -> None:
    gateway = MemoryGateway("one", up=False)
    async with running_desk(tmp_path, sms=QUIET, gateway=gateway, moment=LATE) as desk:
        await desk.create(customers(10))
        await desk.step()
        assert (await desk.standing())[1].states == {TextState.WAITING: 10}
    async with running_desk(tmp_path, sms=QUIET, moment=LATE + 3600.0) as desk:
        desk.lane.wake()
        assert (await desk.standing())[1].states == {TextState.HELD: 10}
        assert not desk.sent
        await desk.step(11 * 3600.0)
        await desk.until_sent(10)


async def test_the_days_cap_counts_parts_and_the_next_day_goes_on(tmp_path: Path) -> None:
    async with running_desk(tmp_path, sms="broadcast_per_day = 5") as desk:
        await desk.create(customers(4), text="Halo {name}, " + "x" * 200)  # two parts each
        await desk.step()
        await desk.until_sent(2)
        assert not await desk.step(1.0)
        found, _ = await desk.standing()
        assert found.words == "the 5 parts of the day are used up"
        for _ in range(5):
            assert not await desk.step(61.0)
        await desk.step(86400.0)
        await desk.until_sent(4)


async def test_the_cap_of_the_day_is_known_after_a_restart(tmp_path: Path) -> None:
    async with running_desk(tmp_path, sms="broadcast_per_day = 3") as desk:
        await desk.create(customers(5))
        await desk.step()
        await desk.until_sent(3)
    async with running_desk(tmp_path, sms="broadcast_per_day = 3") as desk:
        assert not await desk.step()
        assert (await desk.standing())[1].states == {SENT: 3, TextState.HELD: 2}


async def test_its_speed_is_kept(tmp_path: Path) -> None:
    async with running_desk(tmp_path) as desk:
        await desk.create(customers(100), per_minute=120)
        counts = []
        for _ in range(10):
            await desk.step(0.5)
            _, tally = await desk.standing()
            counts.append(tally.total - tally.states[TextState.HELD])
        assert counts[0] <= 2
        assert counts[-1] - counts[0] == 9


async def test_speed_can_be_less_than_one_a_second(tmp_path: Path) -> None:
    async with running_desk(tmp_path) as desk:
        await desk.create(customers(10), per_minute=6)
        for _ in range(100):
            await desk.step(0.5)
        _, tally = await desk.standing()
        assert tally.states[TextState.HELD] in (4, 5)


async def test_who_says_stop_while_it_runs_gets_none(tmp_path: Path) -> None:
    gateway = MemoryGateway("one", window=1)
    gateway.held.clear()
    async with running_desk(tmp_path, gateway=gateway) as desk:
        await desk.create(customers(5))
        await desk.step()
        await gateway.begun.wait()
        await desk.stop_list("+62811000003")
        gateway.held.set()
        await desk.until_sent(4)
        assert "+62811000003" not in desk.sent
        await desk.step()
        found, tally = await desk.standing()
        assert (found.state, tally.states[TextState.STOPPED]) == (BroadcastState.DONE, 1)


async def test_a_crash_in_the_middle_sends_nobody_twice(tmp_path: Path) -> None:
    gateway = MemoryGateway("one", window=3)
    async with running_desk(tmp_path, gateway=gateway) as desk:
        await desk.create(customers(60))
        await desk.step()
        await desk.until(lambda _, tally: tally.states.get(SENT, 0) >= 20)
        gateway.held.clear()
        gateway.begun.clear()
        await gateway.begun.wait()
        first = list(desk.sent)
    async with running_desk(tmp_path) as desk:
        await desk.create(customers(60))  # the administrator runs the same again
        await desk.step()
        await desk.until(lambda _, tally: not tally.unsettled)
        unknown = (await desk.standing())[1].states[TextState.UNKNOWN]
        everybody = Counter([*first, *desk.sent])
        assert max(everybody.values()) == 1
        assert 1 <= unknown <= 3
        assert len(everybody) == 60 - unknown


async def test_the_report_is_mailed_when_all_is_sent_and_the_networks_had_their_time(
    tmp_path: Path,
) -> None:
    gateway = MemoryGateway("one")
    gateway.fates.append(Refused('=cmd|"no such number"'))
    async with running_desk(tmp_path, gateway=gateway) as desk:
        await desk.create(customers(3))
        await desk.step()
        await desk.until(lambda _, tally: not tally.unsettled)
        await desk.step()
        await desk.step(60.0)
        assert not await desk.letters()
        await desk.step(900.0)
        await desk.step(2.0)
        (letter,) = await desk.letters()
        assert (letter.recipient, desk.mails) == ("desk@klinik.example", 1)
        assert isinstance(letter.facts, NoticeFacts)
        assert letter.facts.about == "broadcast-report"
        told = {name: letter.facts.fields[name] for name in ("total", "sent", "failed", "parts")}
        assert told == {"total": 3, "sent": 2, "failed": 1, "parts": 2}
        assert letter.facts.attachment is not None
        name, table = letter.facts.attachment
        assert name == "promo.csv"
        lines = table.splitlines()
        assert lines[0] == "number,state,parts,price,gateway,at,words"
        assert len(lines) == 4
        assert "'=cmd" in table


async def test_where_all_is_delivered_the_report_does_not_wait(tmp_path: Path) -> None:
    async with running_desk(tmp_path) as desk:
        await desk.stop_list("+62811000000")
        await desk.create(customers(1))
        await desk.step()
        await desk.until(lambda _, tally: not tally.unsettled)
        await desk.step()
        await desk.step()
        assert len(await desk.letters()) == 1


async def test_a_text_that_a_person_asks_for_again_goes_though_the_broadcast_is_done(
    tmp_path: Path,
) -> None:
    gateway = MemoryGateway("one")
    gateway.fates.append(Refused("no credit"))
    async with running_desk(tmp_path, gateway=gateway) as desk:
        await desk.create(customers(1))
        await desk.step()
        await desk.until(lambda _, tally: TextState.FAILED in tally.states)
        await desk.step()
        book = TextBook(desk.ledger)
        (text,) = await book.newest(None, None, 10)
        await book.retry(text.id, desk.moment)
        desk.lane.wake()
        await desk.until_sent(1)


async def test_what_one_person_writes_goes_before_a_broadcast(tmp_path: Path) -> None:
    gateway = MemoryGateway("one", window=1)
    gateway.held.clear()
    async with running_desk(tmp_path, gateway=gateway) as desk:
        await desk.create(customers(20))
        await desk.step()
        await gateway.begun.wait()
        await OutgoingTexts(desk.ledger).ask(single("+628999"), desk.moment, 0.0, lambda _: None)
        gateway.held.set()
        await desk.until_sent(20)
        assert desk.sent.index("+628999") == 1


async def test_the_sms_centre_moves_broadcasts_on_by_itself(tmp_path: Path) -> None:
    async with running_office(tmp_path) as office:
        assert office.site.sms is not None
        book = BroadcastBook(office.ledger)
        maker = Maker(read_template(TEXT), office.site.sms, carriage)
        new = NewBroadcast("promo", TEXT, "desk@klinik.example", None)
        await fill(new, customers(3), maker, book, now=office.moment, starts=office.moment)
        await office.until(lambda texts: all(it.state is TextState.SENT for it in texts))
        assert len(office.gateway.sent) == 3
