"""Opens what a site file names."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from ledger.errors import LedgerUnusable
from ledger.store import Ledger, only_one, open_ledger, sqlite_url
from mail.spool import Spool
from pbx.model import Site

LEDGER_FILE = "ledger.sqlite"
SPOOL_FOLDER = "spool"
LOCK_FILE = "lock"


def ledger_url(site: Site) -> str:
    return site.service.ledger_url or sqlite_url(site.service.state_dir / LEDGER_FILE)


@asynccontextmanager
async def opened_ledger(site: Site) -> AsyncIterator[Ledger]:
    """The site's ledger, made if there is none, closed at the end.

    Raises:
        LedgerUnusable: it cannot be opened.
    """
    try:
        ledger = await open_ledger(ledger_url(site))
    except ArgumentError:
        # Its own words may repeat the URL, and a password in it.
        raise LedgerUnusable(
            "service.ledger_url names no database that SQLAlchemy knows. Write it like "
            "postgresql+psycopg://voxpost@localhost/voxpost, or leave it out."
        ) from None
    except ImportError as error:
        raise LedgerUnusable(
            f"service.ledger_url: {error}. Install that database's driver beside voxpost."
        ) from error
    try:
        yield ledger
    finally:
        await ledger.close()


@asynccontextmanager
async def existing_ledger(site: Site) -> AsyncIterator[Ledger]:
    """The site's ledger, for a command that only looks at it or at what stands in it.

    None is made: a command run by root would leave files that the daemon may not write.

    Raises:
        LedgerUnusable: it cannot be opened.
        NoLedgerYet: there is none.
    """
    url = ledger_url(site)
    if url.startswith("sqlite:"):
        file = make_url(url).database
        if file and not Path(file).exists():
            raise NoLedgerYet(f"there is no ledger {file} yet: `voxpost run` makes it.")
    async with opened_ledger(site) as ledger:
        yield ledger


class NoLedgerYet(LedgerUnusable):
    """`voxpost run` has never run here."""


@contextmanager
def locked(site: Site) -> Iterator[None]:
    """Hold the site's state_dir for this process.

    Raises:
        LedgerInUse: another holds it.
        LedgerUnusable: it cannot be made or written.
    """
    folder = site.service.state_dir
    held = only_one(folder / LOCK_FILE)
    try:
        held.__enter__()
    except OSError as error:
        raise LedgerUnusable(
            f"cannot write in {folder}: {error.strerror}. Make it, owned by voxpost's user, or "
            "set service.state_dir."
        ) from error
    try:
        yield
    finally:
        held.__exit__(None, None, None)


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
