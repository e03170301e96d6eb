from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import Connection, event, text

from ledger.entries import End, NewEntry, State
from ledger.errors import LedgerInUse, LedgerUnusable, NoSuchEntry
from ledger.facts import MissedCallFacts, VoicemailFacts
from ledger.outbox import Outbox
from ledger.schema import VERSION
from ledger.store import Ledger, only_one, open_ledger, sqlite_url

NOW = 1_795_300_000.0


@pytest.fixture
async def ledger(tmp_path: Path) -> AsyncIterator[Ledger]:
    ledger = await open_ledger(sqlite_url(tmp_path / "state" / "ledger.sqlite"))
    yield ledger
    await ledger.close()


@pytest.fixture
def outbox(ledger: Ledger) -> Outbox:
    return Outbox(ledger)


def voicemail(number: int, **values: object) -> NewEntry:
    facts = VoicemailFacts("1001@default", f"{number}-00000000", "0812", "José 😀", 1, 7, 1)
    entry = NewEntry(f"voicemail:{number}", "1001", "sari@klinik.example", f"<{number}@x>", facts)
    return NewEntry(**{**{key: getattr(entry, key) for key in entry.__slots__}, **values})  # type: ignore[arg-type]


async def test_sqlite_is_asked_with_few_statements_however_many_values_there_are(
    outbox: Outbox, ledger: Ledger
) -> None:
    # It keeps each of the last 128, with all its values: 15 MB, where each had its own number.
    asked: set[str] = set()
    event.listen(ledger._engine, "before_cursor_execute", lambda *given: asked.add(given[2]))
    await outbox.add([voicemail(number) for number in range(200)], NOW)
    asked.clear()
    for count in range(1, 600, 7):
        wanted = [f"voicemail:{number}" for number in range(count)]
        assert len(await outbox.known(wanted)) == min(count, 200)
    for limit in range(1, 200, 7):
        leased = await outbox.lease(limit, NOW, NOW + 60, "here")
        assert len(leased) == limit
        await outbox.release_all("here", NOW)
    assert len([it for it in asked if " IN (" in it]) <= 8 + 4


async def test_the_same_source_handed_over_twice_is_one_entry(outbox: Outbox) -> None:
    assert await outbox.add([voicemail(1), voicemail(2)], NOW) == ["voicemail:1", "voicemail:2"]
    assert await outbox.add([voicemail(2), voicemail(3)], NOW) == ["voicemail:3"]
    assert await outbox.known(["voicemail:1", "voicemail:9"]) == {"voicemail:1"}
    assert (await outbox.depth()).waiting == 3


async def test_many_hand_overs_at_once_share_commits_and_each_is_kept(outbox: Outbox) -> None:
    async with asyncio.TaskGroup() as group:
        for number in range(500):
            group.create_task(outbox.add([voicemail(number % 400)], NOW))
    assert (await outbox.depth()).waiting == 400


async def test_facts_come_back_as_they_went_in(outbox: Outbox) -> None:
    call = MissedCallFacts("+62812", "Bu \ud83d Ani", 5, 3)
    entry = NewEntry("call:1", "1001", "sari@klinik.example", "<c@x>", call)
    await outbox.add([voicemail(1), entry], NOW)
    newest, first = await outbox.newest(None, 10)
    assert newest.facts == call
    assert first.facts == voicemail(1).facts


async def test_a_leased_entry_is_nobody_elses_until_the_lease_ends(outbox: Outbox) -> None:
    await outbox.add([voicemail(1), voicemail(2)], NOW)
    first = await outbox.lease(1, NOW, NOW + 60, "a")
    second = await outbox.lease(5, NOW, NOW + 60, "b")
    assert [entry.id for entry in first + second] == [1, 2]
    assert await outbox.lease(5, NOW + 59, NOW + 90, "c") == []
    assert len(await outbox.lease(5, NOW + 61, NOW + 90, "c")) == 2


async def test_leases_of_a_process_that_died_are_due_again_at_once(outbox: Outbox) -> None:
    await outbox.add([voicemail(1)], NOW)
    await outbox.lease(1, NOW, NOW + 600, "a")
    assert await outbox.release_all("b", NOW) == 0
    assert await outbox.release_all("a", NOW) == 1
    assert len(await outbox.lease(1, NOW, NOW + 600, "a")) == 1


async def test_a_temporary_failure_waits_and_keeps_its_reason(outbox: Outbox) -> None:
    await outbox.add([voicemail(1)], NOW)
    await outbox.lease(1, NOW, NOW + 600, "a")
    await outbox.settle([End(1, State.WAITING, "450 come back later", NOW + 30)], NOW)
    assert await outbox.lease(1, NOW + 29, NOW + 600, "a") == []
    assert await outbox.next_due() == NOW + 30
    (entry,) = await outbox.lease(1, NOW + 30, NOW + 600, "a")
    assert (entry.attempts, entry.last_error) == (1, "450 come back later")


async def test_a_clock_that_was_ahead_keeps_nothing_waiting_for_it(outbox: Outbox) -> None:
    await outbox.add([voicemail(1)], NOW + 30 * 86400)
    assert len(await outbox.lease(1, NOW, NOW + 600, "a")) == 1
    assert await outbox.lease(1, NOW, NOW + 600, "a") == []


async def test_a_row_that_cannot_be_read_is_set_aside_and_holds_up_no_other(
    ledger: Ledger, outbox: Outbox
) -> None:
    await outbox.add([voicemail(1), voicemail(2)], NOW)
    broken = text('UPDATE outbox SET payload = \'{"of": "tomorrow"}\' WHERE id = 1')
    await ledger.write(lambda it: it.execute(broken))
    assert [entry.id for entry in await outbox.lease(5, NOW, NOW + 60, "a")] == [2]
    assert (await outbox.depth()).by_state == {State.FAILED: 1, State.WAITING: 1}


async def test_what_failed_is_set_aside_and_can_be_retried_by_hand(outbox: Outbox) -> None:
    await outbox.add([voicemail(1)], NOW)
    await outbox.settle([End(1, State.FAILED, "550 5.1.1 no such user")], NOW)
    assert (await outbox.newest(State.FAILED, 5))[0].last_error == "550 5.1.1 no such user"
    assert await outbox.next_due() is None
    assert (await outbox.retry(1, NOW + 5)).state is State.WAITING
    await outbox.settle([End(1, State.DELIVERED)], NOW + 6)
    with pytest.raises(NoSuchEntry, match="entry 1 is delivered"):
        await outbox.retry(1, NOW + 7)
    with pytest.raises(NoSuchEntry, match="no entry 77"):
        await outbox.drop(77, NOW)


async def test_an_entry_that_was_dropped_meanwhile_is_not_marked_delivered(outbox: Outbox) -> None:
    await outbox.add([voicemail(1)], NOW)
    await outbox.drop(1, NOW)
    await outbox.settle([End(1, State.DELIVERED)], NOW)
    assert (await outbox.show(1)).state is State.DROPPED


async def test_aftercare_is_owed_from_delivery_until_done(outbox: Outbox) -> None:
    await outbox.add([voicemail(1, aftercare="heard", audio="a.wav")], NOW)
    assert await outbox.awaiting_aftercare(5) == []
    assert await outbox.audio_in_use() == {"a.wav"}
    await outbox.settle([End(1, State.DELIVERED, aftercare="heard")], NOW)
    assert await outbox.audio_in_use() == set()
    (entry,) = await outbox.awaiting_aftercare(5)
    await outbox.aftercare_done(entry.id)
    assert await outbox.awaiting_aftercare(5) == []


async def test_work_that_fails_harms_no_other_work_of_its_batch(ledger: Ledger) -> None:
    outbox = Outbox(ledger)

    def broken(connection: Connection) -> None:
        connection.execute(text("INSERT INTO facts VALUES ('half', 'done')"))
        raise ValueError("broken")

    results = await asyncio.gather(
        outbox.add([voicemail(1)], NOW),
        ledger.write(broken),
        outbox.add([voicemail(2)], NOW),
        return_exceptions=True,
    )
    assert isinstance(results[1], ValueError)
    assert (await outbox.depth()).waiting == 2
    half = "SELECT count(*) FROM facts WHERE name = 'half'"
    assert await ledger.read(lambda it: it.scalar(text(half))) == 0


async def test_what_was_written_is_there_after_opening_again(tmp_path: Path) -> None:
    url = sqlite_url(tmp_path / "ledger.sqlite")
    ledger = await open_ledger(url)
    await Outbox(ledger).add([voicemail(1)], NOW)
    await ledger.close()
    again = await open_ledger(url)
    assert (await Outbox(again).depth()).waiting == 1
    await again.close()


async def test_another_versions_ledger_is_refused_with_a_way_out(tmp_path: Path) -> None:
    url = sqlite_url(tmp_path / "ledger.sqlite")
    ledger = await open_ledger(url)
    newer = text("UPDATE facts SET value = '99' WHERE name = 'schema'")
    await ledger.write(lambda it: it.execute(newer))
    await ledger.close()
    with pytest.raises(LedgerUnusable, match=f"has schema 99, this voxpost knows {VERSION}"):
        await open_ledger(url)


async def test_a_file_that_is_no_ledger_is_named(tmp_path: Path) -> None:
    file = tmp_path / "ledger.sqlite"
    file.write_text("this is not a database, and long enough to be read as one" * 20)
    with pytest.raises(LedgerUnusable, match=r"ledger\.sqlite.*not a database"):
        await open_ledger(sqlite_url(file))


def test_a_second_voxpost_on_the_same_ledger_is_told_so(tmp_path: Path) -> None:
    with only_one(tmp_path / "lock") as _:
        second = only_one(tmp_path / "lock")
        with pytest.raises(LedgerInUse, match="another voxpost"):
            second.__enter__()
    with only_one(tmp_path / "lock"):
        pass


async def test_who_may_not_look_at_the_ledger_is_told_as_whom_to_run_and_nothing_of_making_one(
    ordinary_folder: Path,
) -> None:
    (ordinary_folder / "state").mkdir(mode=0)
    url = sqlite_url(ordinary_folder / "state" / "ledger.sqlite")
    with pytest.raises(LedgerUnusable, match=r"look at .*Permission denied\. .*sudo -u voxpost"):
        await open_ledger(url, must_exist=True)
