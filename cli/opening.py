"""Opens what a site file names."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractContextManager, asynccontextmanager
from pathlib import Path

from ledger.store import Ledger, only_one, open_ledger, sqlite_url
from mail.spool import Spool
from pbx.model import Site

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


def locked(site: Site) -> AbstractContextManager[None]:
    """Hold the site's state_dir for this process; see ledger.store.only_one."""
    return only_one(site.service.state_dir / LOCK_FILE)


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
