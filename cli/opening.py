"""Opens what a site file names."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from pathlib import Path
from typing import TypeVar

from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from ledger.store import Ledger, only_one, open_ledger, sqlite_url
from mail.spool import Spool
from pbx.model import Site

T = TypeVar("T")

LEDGER_FILE = "ledger.sqlite"
SPOOL_FOLDER = "spool"
LOCK_FILE = "lock"


def ledger_url(site: Site) -> str:
    return site.service.ledger_url or sqlite_url(site.service.state_dir / LEDGER_FILE)


@asynccontextmanager
async def opened_ledger(site: Site, *, must_exist: bool = False) -> AsyncIterator[Ledger]:
    """The site's ledger, made if there is none, closed at the end.

    Raises:
        LedgerUnusable: it cannot be opened.
        NoLedgerYet: it must exist and does not.
    """
    ledger = await open_ledger(ledger_url(site), must_exist=must_exist)
    try:
        yield ledger
    finally:
        await ledger.close()


def ask_ledger(site: Site, question: Callable[[Ledger], Awaitable[T]]) -> T:
    """Ask the ledger, which `voxpost run` must have made: by root it would be root's.

    Raises as opened_ledger.
    """

    async def ask() -> T:
        async with opened_ledger(site, must_exist=True) as ledger:
            return await question(ledger)

    return asyncio.run(ask())


@contextmanager
def locked(site: Site) -> Iterator[None]:
    """Hold the site's state_dir, and the ledger's file, for this process alone.

    Raises as ledger.store.only_one.
    """
    with ExitStack() as stack:
        stack.enter_context(only_one(site.service.state_dir / LOCK_FILE))
        if (file := _sqlite_file(ledger_url(site))) is not None:
            # Another's site file may name it too; the recordings of its rows would not be ours.
            stack.enter_context(only_one(file.with_name(f"{file.name}.{LOCK_FILE}")))
        yield


def _sqlite_file(url: str) -> Path | None:
    """The file of a SQLite URL; None for any other."""
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        return None  # open_ledger says what is wrong with it
    if parsed.get_backend_name() != "sqlite" or not parsed.database:
        return None
    return Path(parsed.database)


def opened_spool(site: Site) -> Spool:
    """voxpost's own spool.

    Raises:
        OSError: it cannot be made.
    """
    spool = Spool(site.service.state_dir / SPOOL_FOLDER)
    spool.prepare()
    return spool


class SiteInUse:
    """The site file as it was last read; `reread` replaces it only when the new one is good."""

    def __init__(self, file: Path, site: Site) -> None:
        self.file = file
        self._site = site

    def __call__(self) -> Site:
        return self._site

    def replace(self, site: Site) -> None:
        self._site = site
