from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from ledger.entries import End, Entry, NewEntry, State
from ledger.errors import LedgerUnusable
from ledger.facts import VoicemailFacts
from ledger.outbox import Outbox
from ledger.store import open_ledger, sqlite_url
from mail.delivery import Delivery
from mail.errors import MailError
from mail.interfaces import Written
from mail.message import Message
from mail.outcome import Accepted, Outcome, Refused, TooLarge, TryLater
from mail.retry import RetryPolicy
from mail.spool import Spool

START = 1_795_300_000.0
ACCEPTED = Accepted("2.0.0 queued as 1")


@dataclass
class Post:
    """A mail server and a clock by the test's will."""

    outbox: Outbox
    spool: Spool
    answers: dict[str, list[Outcome | Exception]] = field(default_factory=dict)
    size_limit: int | None = None
    clock: float = START
    sent: list[Message] = field(default_factory=list)
    routes: int = 0
    open_routes: int = 0
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    letters: dict[str, Exception] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.gate.set()

    # A LetterWriter
    def write(self, entry: Entry, limit: int | None) -> Written:
        if trouble := self.letters.get(entry.recipient):
            raise trouble
        size = 1000 if limit is None else min(1000, limit)
        small = size < 100
        message = Message(
            "v@klinik.example",
            entry.recipient,
            entry.message_id,
            b"x" * (size - 2) + b"\r\n",
        )
        note = "without audio: too-large" if small else None
        return Written(message, note, smallest=small, whole=not small)

    def delivery(self, **values: object) -> Delivery:
        settings = {
            "outbox": self.outbox,
            "spool": self.spool,
            "writer": self,
            "route": lambda: ScriptedRoute(self),
            "connections": 2,
            "retry": RetryPolicy(give_up_after=86400),
            "owner": "test",
            "now": lambda: self.clock,
            "chance": lambda: 0.5,
        }
        return Delivery(**{**settings, **values})  # type: ignore[arg-type]

    async def add(self, number: int, *, audio: str | None = None, after: str = "heard") -> None:
        facts = VoicemailFacts("1001@default", str(number), "08", "", int(START), 7, 1)
        recipient = f"p{number}@klinik.example"
        entry = NewEntry(f"v:{number}", "1001", recipient, f"<{number}@x>", facts, audio, after)
        await self.outbox.add([entry], self.clock)

    async def until(self, done: Callable[[list[Entry]], bool]) -> list[Entry]:
        async with asyncio.timeout(10):
            while not done(entries := await self.outbox.newest(None, 1000)):
                await asyncio.sleep(0.005)
        return entries


class ScriptedRoute:
    def __init__(self, post: Post) -> None:
        self._post = post
        post.routes += 1
        post.open_routes += 1
        self._open = True

    @property
    def max_size(self) -> int | None:
        return None

    async def send(self, message: Message, following: Message | None = None) -> Outcome:
        await self._post.gate.wait()
        answers = self._post.answers.get(message.recipient, [])
        answer = answers.pop(0) if answers else ACCEPTED
        if isinstance(answer, Exception):
            raise answer
        limit = self._post.size_limit
        if limit is not None and len(message.content) > limit:
            return TooLarge(None, "552 5.3.4 too big")
        if isinstance(answer, Accepted):
            self._post.sent.append(message)
        return answer

    async def close(self) -> None:
        if self._open:
            self._post.open_routes -= 1
        self._open = False


@pytest.fixture
async def post(tmp_path: Path) -> AsyncIterator[Post]:
    ledger = await open_ledger(sqlite_url(tmp_path / "ledger.sqlite"))
    spool = Spool(tmp_path / "spool")
    spool.prepare()
    yield Post(Outbox(ledger), spool)
    await ledger.close()


@asynccontextmanager
async def running(delivery: Delivery) -> AsyncIterator[asyncio.Task[None]]:
    task = asyncio.create_task(delivery.run())
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def all_in(*states: State) -> Callable[[list[Entry]], bool]:
    return lambda entries: all(entry.state in states for entry in entries)


async def test_what_waits_is_delivered_and_its_audio_leaves_our_spool(post: Post) -> None:
    post.spool.path("a.wav").write_bytes(b"RIFF")
    delivered = asyncio.Event()
    await post.add(1, audio="a.wav")
    async with running(post.delivery(delivered=delivered.set)):
        await delivered.wait()
    (entry,) = await post.outbox.newest(None, 5)
    assert entry.state is State.DELIVERED
    assert entry.attempts == 1
    assert not post.spool.path("a.wav").exists()
    assert len(await post.outbox.awaiting_aftercare(5)) == 1


async def test_what_comes_later_wakes_the_delivery(post: Post) -> None:
    delivery = post.delivery()
    async with running(delivery):
        await post.add(1)
        delivery.wake()
        await post.until(all_in(State.DELIVERED))


async def test_a_hundred_messages_go_out_once_each_over_few_connections(post: Post) -> None:
    for number in range(100):
        await post.add(number)
    async with running(post.delivery(connections=3)):
        await post.until(all_in(State.DELIVERED))
    assert sorted(m.message_id for m in post.sent) == sorted(f"<{n}@x>" for n in range(100))
    assert post.routes == 3
    assert post.open_routes == 0


async def test_a_temporary_failure_is_tried_again_later_and_keeps_the_audio(post: Post) -> None:
    post.spool.path("a.wav").write_bytes(b"RIFF")
    post.answers["p1@klinik.example"] = [TryLater("450 4.2.0 greylisted", 450)]
    await post.add(1, audio="a.wav")
    delivery = post.delivery()
    async with running(delivery):
        (entry,) = await post.until(lambda entries: entries[0].attempts == 1)
        assert entry.state is State.WAITING
        assert entry.due == pytest.approx(START + 10)
        assert entry.last_error == "450 4.2.0 greylisted"
        assert post.spool.path("a.wav").exists()
        post.clock += 11
        delivery.wake()
        await post.until(all_in(State.DELIVERED))
    assert delivery.statistics.tried_again == 1


async def test_a_permanent_refusal_is_set_aside_with_the_servers_words(post: Post) -> None:
    post.spool.path("a.wav").write_bytes(b"RIFF")
    post.answers["p1@klinik.example"] = [Refused("550 5.1.1 no such user", 550)]
    await post.add(1, audio="a.wav")
    await post.add(2)
    async with running(post.delivery()):
        entries = await post.until(all_in(State.DELIVERED, State.FAILED))
    states = {entry.id: (entry.state, entry.last_error) for entry in entries}
    assert states[1] == (State.FAILED, "550 5.1.1 no such user")
    assert states[2] == (State.DELIVERED, None)
    assert post.spool.path("a.wav").exists()
    await post.outbox.retry(1, post.clock)
    async with running(post.delivery()):
        await post.until(all_in(State.DELIVERED))


async def test_after_days_of_trying_a_message_is_set_aside(post: Post) -> None:
    post.answers["p1@klinik.example"] = [TryLater("452 4.2.2 over quota", 452)] * 2
    await post.add(1)
    post.clock += 86400
    async with running(post.delivery()):
        (entry,) = await post.until(all_in(State.FAILED))
    assert entry.last_error == "given up after 1.0 days: 452 4.2.2 over quota"


async def test_a_message_too_large_is_sent_smaller_until_it_fits(post: Post) -> None:
    post.size_limit = 300
    await post.add(1)
    async with running(post.delivery()):
        await post.until(all_in(State.DELIVERED))
    assert [len(message.content) for message in post.sent] == [250]


async def test_a_message_whose_smallest_form_is_too_large_is_set_aside(post: Post) -> None:
    post.size_limit = 10
    await post.add(1)
    async with running(post.delivery()):
        (entry,) = await post.until(all_in(State.FAILED))
    assert entry.last_error == "552 5.3.4 too big"


@pytest.mark.parametrize(("limit", "owed"), [(None, 1), (80, 0)])
async def test_a_recording_that_did_not_go_along_is_never_deleted_from_the_telephone(
    post: Post, limit: int | None, owed: int
) -> None:
    post.size_limit = limit
    await post.add(1, after="delete")
    async with running(post.delivery()):
        await post.until(all_in(State.DELIVERED))
    assert len(await post.outbox.awaiting_aftercare(5)) == owed


async def test_a_recording_that_is_with_us_alone_outlives_a_second_bounce(post: Post) -> None:
    """Its owner's account was full, the message was sent again, and the account still is full."""
    post.spool.path("a.wav").write_bytes(b"RIFF")
    await post.add(1, audio="a.wav", after="delete")
    delivery = post.delivery()
    async with running(delivery):
        for _ in range(3):
            await post.until(all_in(State.DELIVERED))
            await post.outbox.aftercare_done(1)  # it is deleted on the telephone
            await post.outbox.bounced("<1@x>", "5.2.2 over quota")
            await post.outbox.retry(1, post.clock)
            delivery.wake()
        await post.until(all_in(State.DELIVERED))
    assert post.spool.path("a.wav").exists()


async def test_a_message_that_cannot_be_written_is_set_aside_with_the_reason(post: Post) -> None:
    post.letters["p1@klinik.example"] = MailError("texts/id/voicemail.txt: unknown variable")
    await post.add(1)
    async with running(post.delivery()):
        (entry,) = await post.until(all_in(State.FAILED))
    assert entry.last_error == "cannot be written: texts/id/voicemail.txt: unknown variable"


async def test_a_fault_of_ours_harms_one_attempt_and_no_other_message(post: Post) -> None:
    post.answers["p1@klinik.example"] = [ZeroDivisionError("oops")]
    await post.add(1)
    await post.add(2)
    async with running(post.delivery()):
        entries = await post.until(
            lambda found: (
                any(e.state is State.DELIVERED for e in found)
                and any(e.attempts and e.state is State.WAITING for e in found)
            )
        )
    troubled = next(entry for entry in entries if entry.state is State.WAITING)
    assert troubled.last_error == "fault in voxpost: ZeroDivisionError: oops"


async def test_a_letter_that_trips_over_a_fault_of_ours_ends_the_delivery_of_no_other(
    post: Post,
) -> None:
    post.letters["p1@klinik.example"] = PermissionError("texts/id/voicemail.txt")
    await post.add(1)
    await post.add(2)
    async with running(post.delivery()):
        entries = await post.until(lambda found: all(e.attempts for e in found))
    assert [entry.state for entry in entries] == [State.DELIVERED, State.WAITING]


async def test_a_ledger_that_refuses_for_a_while_is_told_the_outcome_all_the_same(
    post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mail.settling._LEDGER_PAUSE", 0.0)
    refusals = 3
    settle = Outbox.settle

    async def refuse(self: Outbox, ends: Sequence[End], now: float) -> None:
        nonlocal refusals
        if refusals:
            refusals -= 1
            raise LedgerUnusable("disk full")
        await settle(self, ends, now)

    monkeypatch.setattr(Outbox, "settle", refuse)
    await post.add(1)
    async with running(post.delivery()):
        await post.until(all_in(State.DELIVERED))
    assert len(post.sent) == 1


async def test_stop_lets_what_is_on_the_wire_end_and_leaves_the_rest_waiting(post: Post) -> None:
    post.gate.clear()
    for number in range(5):
        await post.add(number)
    delivery = post.delivery(connections=1)
    async with running(delivery) as task:
        while delivery.statistics.in_flight < 1:
            await asyncio.sleep(0)
        delivery.stop()
        post.gate.set()
        await asyncio.wait_for(task, 5)
    assert len(post.sent) == 1
    assert (await post.outbox.depth()).by_state == {State.DELIVERED: 1, State.WAITING: 4}
    assert len(await post.outbox.lease(10, post.clock, post.clock + 1, "next")) == 4


async def test_a_delivery_that_was_killed_leaves_nothing_stuck(post: Post) -> None:
    post.gate.clear()
    await post.add(1)
    delivery = post.delivery()
    async with running(delivery):
        while delivery.statistics.in_flight < 1:
            await asyncio.sleep(0)
    post.gate.set()
    async with running(post.delivery()):
        await post.until(all_in(State.DELIVERED))
    assert len(post.sent) == 1


async def test_connections_are_made_anew_after_the_site_file_was_reread(post: Post) -> None:
    await post.add(1)
    delivery = post.delivery(connections=1)
    async with running(delivery):
        await post.until(all_in(State.DELIVERED))
        delivery.renew()
        await post.add(2)
        delivery.wake()
        await post.until(all_in(State.DELIVERED))
    assert post.routes == 2
    assert post.open_routes == 0


async def test_wrong_settings_are_shown_until_a_message_goes_through(post: Post) -> None:
    trouble = TryLater("535 5.7.8 wrong password", 535, configuration=True)
    post.answers["p1@klinik.example"] = [trouble]
    await post.add(1)
    delivery = post.delivery()
    async with running(delivery):
        await post.until(lambda entries: entries[0].attempts == 1)
        assert delivery.statistics.configuration_trouble == "535 5.7.8 wrong password"
        post.clock += 301
        delivery.wake()
        await post.until(all_in(State.DELIVERED))
    assert delivery.statistics.configuration_trouble is None


async def test_a_wrong_password_is_not_tried_again_for_each_message(post: Post) -> None:
    """Ten refused log-ins suspend an account at Zimbra."""
    trouble = TryLater("535 5.7.8 wrong password", 535, configuration=True)
    for number in range(40):
        post.answers[f"p{number}@klinik.example"] = [trouble] * 9
        await post.add(number)
    delivery = post.delivery(connections=2)

    async def tried(times: int) -> None:
        await post.until(lambda entries: sum(entry.attempts for entry in entries) >= times)
        for _ in range(50):
            await asyncio.sleep(0)
        entries = await post.outbox.newest(None, 100)
        assert sum(entry.attempts for entry in entries) == times

    post.gate.clear()  # until both are on the wire
    async with running(delivery):
        while delivery.statistics.in_flight < 2:
            await asyncio.sleep(0)
        post.gate.set()
        await tried(2)
        for hold, times in ((299, 2), (2, 3), (599, 3), (2, 4)):
            post.clock += hold
            delivery.wake()
            await tried(times)
        post.answers.clear()
        delivery.renew()
        post.clock += 86400 / 2
        await post.until(all_in(State.DELIVERED))


async def test_with_wrong_settings_nothing_is_given_up_however_long_nobody_mends_them(
    post: Post,
) -> None:
    trouble = TryLater("535 5.7.8 wrong password", 535, configuration=True)
    post.answers["p1@klinik.example"] = [trouble]
    await post.add(1)
    post.clock += 9 * 86400
    delivery = post.delivery()
    async with running(delivery):
        (entry,) = await post.until(lambda entries: entries[0].attempts == 1)
        assert entry.state is State.WAITING
        delivery.renew()
        post.clock += 3601
        await post.until(all_in(State.DELIVERED))


async def test_one_address_that_the_server_does_not_relay_to_holds_up_nobody_else(
    post: Post,
) -> None:
    """Without a log-in, a server takes mail for its own people alone."""
    words = "554 5.7.1 <p2@elsewhere.example>: Relay access denied"
    trouble = TryLater(words, 554, configuration=True, elsewhere=True, recipient=True)
    post.answers["p2@klinik.example"] = [trouble] * 99
    await post.add(1)
    delivery = post.delivery(connections=1)
    async with running(delivery):
        await post.until(all_in(State.DELIVERED))
        await post.add(2)
        delivery.wake()
        await post.until(lambda entries: entries[0].attempts == 1)
        assert delivery.statistics.configuration_trouble == words
        await post.add(3)
        delivery.wake()
        await post.until(lambda entries: entries[0].state is State.DELIVERED)


async def test_a_lease_that_ends_early_does_not_send_a_message_beside_itself(post: Post) -> None:
    """The clock is set ahead, and the administrator says retry, while it is on the wire."""
    post.gate.clear()
    await post.add(1)
    delivery = post.delivery()
    async with running(delivery):
        while delivery.statistics.in_flight < 1:
            await asyncio.sleep(0)
        post.clock += 3600
        await post.outbox.retry(1, post.clock)
        delivery.wake()
        for _ in range(200):
            await asyncio.sleep(0.001)
        assert delivery.statistics.in_flight == 1
        post.gate.set()
        await post.until(all_in(State.DELIVERED))
    assert len(post.sent) == 1


async def test_what_is_dropped_during_a_hold_is_not_sent(post: Post) -> None:
    trouble = TryLater("535 5.7.8 wrong password", 535, configuration=True)
    for number in range(1, 7):
        post.answers[f"p{number}@klinik.example"] = [trouble]
        await post.add(number)
    delivery = post.delivery(connections=1)
    async with running(delivery):
        await post.until(lambda entries: any(entry.attempts for entry in entries))
        waiting = [it for it in await post.outbox.newest(None, 9) if not it.attempts]
        await post.outbox.drop(waiting[0].id, post.clock)
        post.answers.clear()
        delivery.renew()
        post.clock += 600
        await post.until(all_in(State.DELIVERED, State.DROPPED))
    assert waiting[0].recipient not in [message.recipient for message in post.sent]
    assert len(post.sent) == 5


async def test_audio_that_cannot_be_removed_stops_nobody(
    post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(Spool, "remove", refuse)
    await post.add(1, audio="a.wav")
    await post.add(2)
    async with running(post.delivery()):
        await post.until(all_in(State.DELIVERED))


class StallingRoute(ScriptedRoute):
    """Holds the first message until the gate opens; says which was to follow it."""

    followed_by: str | None = None

    def __init__(self, post: Post, gate: asyncio.Event) -> None:
        super().__init__(post)
        self._gate = gate

    async def send(self, message: Message, following: Message | None = None) -> Outcome:
        if message.recipient == "p0@klinik.example":
            StallingRoute.followed_by = following.recipient if following else None
            await self._gate.wait()
        return await super().send(message, following)


@pytest.fixture
async def stalled(post: Post) -> AsyncIterator[tuple[Delivery, asyncio.Event]]:
    """A delivery whose first lane stalls with p0, and has another message in hand."""
    for number in range(10):
        await post.add(number)
    gate = asyncio.Event()
    StallingRoute.followed_by = None
    delivery = post.delivery(route=lambda: StallingRoute(post, gate))
    async with running(delivery):
        async with asyncio.timeout(5):
            while StallingRoute.followed_by is None:
                await asyncio.sleep(0.005)
        yield delivery, gate
        gate.set()


def sent_to(post: Post, recipient: str | None) -> int:
    return [message.recipient for message in post.sent].count(recipient or "")


async def test_an_idle_lane_takes_over_what_waits_behind_a_stalled_message(
    monkeypatch: pytest.MonkeyPatch, post: Post, stalled: tuple[Delivery, asyncio.Event]
) -> None:
    monkeypatch.setattr("mail.delivery._LONGEST_NAP", 0.05)
    await post.add(10)
    stalled[0].wake()  # the other lane sends it, and is idle after that for so long
    await post.until(lambda them: [it.state for it in them].count(State.WAITING) == 1)
    stalled[1].set()
    await post.until(lambda them: all(it.state is State.DELIVERED for it in them))
    assert len(post.sent) == 11


async def test_what_is_dropped_from_a_lanes_hand_is_not_sent(
    post: Post, stalled: tuple[Delivery, asyncio.Event]
) -> None:
    delivery, gate = stalled
    (mine,) = [
        it for it in await post.outbox.newest(None, 10) if it.recipient == StallingRoute.followed_by
    ]
    refused = TryLater("535 bad password", 535, configuration=True, elsewhere=True)
    await post.until(lambda them: [it.state for it in them].count(State.WAITING) == 2)
    await post.add(11)
    post.answers["p11@klinik.example"] = [refused]
    delivery.wake()
    await post.until(lambda them: any(it.last_error == refused.words for it in them))
    await post.until(lambda them: all(it.leased_by is None for it in them if it.id == mine.id))
    await post.outbox.drop(mine.id, post.clock)
    delivery.renew()
    gate.set()
    await post.until(lambda them: all(it.state is not State.WAITING for it in them if it.id != 11))
    assert sent_to(post, mine.recipient) == 0


async def test_what_is_in_hand_when_its_lease_ends_is_left_to_whoever_leases_it_next(
    post: Post, stalled: tuple[Delivery, asyncio.Event]
) -> None:
    _, gate = stalled
    await post.until(lambda them: [it.state for it in them].count(State.WAITING) == 2)
    post.clock += 1000
    leased = await post.outbox.lease(10, post.clock, post.clock + 900, "another voxpost")
    assert StallingRoute.followed_by in {entry.recipient for entry in leased}
    gate.set()
    async with asyncio.timeout(5):
        while sent_to(post, "p0@klinik.example") == 0:
            await asyncio.sleep(0.005)
    await asyncio.sleep(0.05)  # that nothing more is sent; nothing tells of it
    assert sent_to(post, StallingRoute.followed_by) == 0
