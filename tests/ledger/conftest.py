from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from ledger.store import Ledger, open_ledger, sqlite_url
from tests.ledger.sms_office import Office


@pytest.fixture
async def ledger(tmp_path: Path) -> AsyncIterator[Ledger]:
    ledger = await open_ledger(sqlite_url(tmp_path / "state" / "ledger.sqlite"))
    yield ledger
    await ledger.close()


@pytest.fixture
def office(ledger: Ledger) -> Office:
    return Office(ledger)
