"""What was deleted on the telephone stays for a week, in case its message comes back."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from ledger.entries import End, NewEntry, State
from ledger.facts import VoicemailFacts
from ledger.outbox import Outbox
from ledger.store import open_ledger, sqlite_url
from mail.retention import KEPT, Retention
from mail.spool import Spool

NOW = 1_795_300_000.0


@pytest.fixture
async def outbox(tmp_path: Path) -> AsyncIterator[Outbox]:
    ledger = await open_ledger(sqlite_url(tmp_path / "ledger.sqlite"))
    yield Outbox(ledger)
    await ledger.close()


@pytest.fixture
def spool(tmp_path: Path) -> Spool:
    spool = Spool(tmp_path / "spool")
    spool.prepare()
    return spool


async def keep(outbox: Outbox, spool: Spool, number: int, state: State, settled: float) -> str:
    audio = f"{number}.wav"
    spool.path(audio).write_bytes(b"RIFF")
    facts = VoicemailFacts("1001@default", str(number), "08", "", 1, 7, 1)
    entry = NewEntry(f"v:{number}", "1001", "s@x.example", f"<{number}@x>", facts, audio)
    await outbox.add([entry], settled)
    await outbox.settle([End(number, state, audio=audio)], settled)
    return audio


async def test_a_recording_goes_a_week_after_its_message(outbox: Outbox, spool: Spool) -> None:
    old = await keep(outbox, spool, 1, State.DELIVERED, NOW - KEPT - 1)
    young = await keep(outbox, spool, 2, State.DELIVERED, NOW - KEPT + 1)
    failed = await keep(outbox, spool, 3, State.FAILED, NOW - KEPT - 1)
    assert await Retention(outbox, spool, lambda: NOW).remove_old() == 1
    assert not spool.path(old).exists()
    assert await outbox.audio_in_use() == {young, failed}
    assert (await outbox.show(1)).audio is None


async def test_a_message_that_came_back_keeps_its_recording(outbox: Outbox, spool: Spool) -> None:
    audio = await keep(outbox, spool, 1, State.DELIVERED, NOW - KEPT - 1)
    await outbox.bounced("<1@x>", "5.1.1 unknown user")
    assert await Retention(outbox, spool, lambda: NOW).remove_old() == 0
    assert spool.path(audio).exists()
    assert (await outbox.retry(1, NOW)).audio == audio
