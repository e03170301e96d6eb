"""Opens what a site file names."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from ledger.store import Ledger, open_ledger, sqlite_url
from mail.spool import Spool
from pbx.model import Site

LEDGER_FILE = "ledger.sqlite"
SPOOL_FOLDER = "spool"
LOCK_FILE = "lock"


def ledger_url(site: Site) -> str:
    return site.service.ledger_url or sqlite_url(site.service.state_dir / LEDGER_FILE)


@asynccontextmanager
async def opened_ledger(site: Site) -> AsyncIterator[Ledger]:
    """The site's ledger, closed at the end."""
    ledger = await open_ledger(ledger_url(site))
    try:
        yield ledger
    finally:
        await ledger.close()


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
