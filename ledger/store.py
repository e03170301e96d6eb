"""Opens the ledger and runs work on it: many writers, one commit.

Work is a plain function of a connection. It runs in the ledger's own thread: while one commit
waits for the disk, whatever is asked for meanwhile gathers, and goes into the next transaction
together. SQLite keeps its promise of durability (`synchronous=FULL`) at a fraction of its price.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event, select
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from ledger.errors import LedgerInUse, LedgerUnusable, NoLedgerYet
from ledger.schema import VERSION, facts, metadata, partial_on_postgresql

T = TypeVar("T")
Work = Callable[[Connection], T]

_BATCH = 256  # works in one transaction at most, so that a burst cannot hold the disk for long


class Ledger:
    """An open ledger. Made by `open_ledger`; `close()` waits for what is under way."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._pending: deque[tuple[Work[Any], asyncio.Future[Any]]] = deque()
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="ledger-write")
        self._reader = ThreadPoolExecutor(1, thread_name_prefix="ledger-read")

    @property
    def is_local(self) -> bool:
        """Whether it is a file that only one `voxpost run` works on (see `only_one`)."""
        return self._engine.dialect.name == "sqlite"

    async def write(self, work: Work[T]) -> T:
        """Run `work` in a transaction; returns once it is durable.

        `work` may run twice, when another of its batch fails: it must do nothing but talk to
        the database.

        Raises:
            LedgerUnusable: the database refused (disk full, locked).
            Exception: whatever `work` raised; nothing of it is kept.
        """
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._pending.append((work, future))
        self._writer.submit(self._flush)
        return await future

    async def read(self, work: Work[T]) -> T:
        """Run `work` on a connection of its own; it sees all that was committed."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._reader, self._read, work)

    async def close(self) -> None:
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(None, self._shut)

    def _shut(self) -> None:
        self._writer.shutdown(wait=True)
        self._reader.shutdown(wait=True)
        self._engine.dispose()

    def _read(self, work: Work[T]) -> T:
        try:
            with self._engine.connect().execution_options(reads_only=True) as connection:
                return work(connection)
        except SQLAlchemyError as error:
            raise _unusable(error) from error

    def _flush(self) -> None:
        """Commit what has gathered. Runs in the writer's thread."""
        batch: list[tuple[Work[Any], asyncio.Future[Any]]] = []
        while self._pending and len(batch) < _BATCH:
            batch.append(self._pending.popleft())
        if not batch:
            return
        try:
            with self._engine.begin() as connection:
                results = [work(connection) for work, _ in batch]
        except BaseException:
            for work, future in batch:
                self._flush_alone(work, future)
        else:
            for (_, future), result in zip(batch, results, strict=True):
                _resolve(future, result, None)

    def _flush_alone(self, work: Work[Any], future: asyncio.Future[Any]) -> None:
        """One work of a failed batch by itself, so that it answers only for its own faults."""
        try:
            with self._engine.begin() as connection:
                result = work(connection)
        except SQLAlchemyError as error:
            _resolve(future, None, _unusable(error))
        except BaseException as error:
            _resolve(future, None, error)
        else:
            _resolve(future, result, None)


def _resolve(future: asyncio.Future[Any], result: Any, error: BaseException | None) -> None:
    def settle() -> None:
        if future.done():
            return  # the caller was cancelled; what it asked for is written all the same
        if error is None:
            future.set_result(result)
        else:
            future.set_exception(error)

    # The loop is closed only when its process ends: nobody is left to be told.
    with contextlib.suppress(RuntimeError):
        future.get_loop().call_soon_threadsafe(settle)


def _unusable(error: SQLAlchemyError) -> LedgerUnusable:
    cause = getattr(error, "orig", None) or error
    return LedgerUnusable(f"the ledger did not take it: {cause}")


def sqlite_url(file: Path) -> str:
    return URL.create("sqlite", database=str(file)).render_as_string()


async def open_ledger(url: str, *, must_exist: bool = False) -> Ledger:
    """Open the ledger at a SQLAlchemy URL, and make its tables if it is new.

    Arguments:
        must_exist: make nothing; for a command that only looks. Run by root, it would leave
            files that the daemon may not write.

    Raises:
        LedgerUnusable: no such database, no access, or another version's tables.
        NoLedgerYet: it must exist and does not.
    """
    return await asyncio.to_thread(_open, url, must_exist)


def _open(url: str, must_exist: bool) -> Ledger:
    try:
        parsed = make_url(url)
        shown = parsed.render_as_string(hide_password=True)
        if parsed.get_backend_name() == "sqlite" and parsed.database and must_exist:
            _must_exist(Path(parsed.database))
        engine = _engine(parsed)
    except (ArgumentError, ImportError, ValueError):
        # Their own words may repeat the URL, and a password in it.
        raise LedgerUnusable(
            "service.ledger_url names no database that can be talked to. Write it like "
            "postgresql+psycopg://voxpost@localhost/voxpost, with that driver installed beside "
            "voxpost, or leave it out."
        ) from None
    except OSError as error:
        what = f"the ledger {shown}: {error.strerror}"
        if must_exist:
            remedy = "Run this as voxpost's user: sudo -u voxpost voxpost ..."
            raise LedgerUnusable(f"cannot look at {what}. {remedy}") from error
        raise LedgerUnusable(f"cannot make {what}") from error
    try:
        with engine.begin() as connection:
            metadata.create_all(connection)
            _check_version(connection, shown)
    except SQLAlchemyError as error:
        engine.dispose()
        cause = getattr(error, "orig", None) or error
        raise LedgerUnusable(f"cannot open the ledger {shown}: {cause}") from error
    except BaseException:
        engine.dispose()
        raise
    return Ledger(engine)


def _must_exist(file: Path) -> None:
    if not file.exists():
        raise NoLedgerYet(f"there is no ledger {file} yet: `voxpost run` makes it.")


def _check_version(connection: Connection, shown: str) -> None:
    found = connection.scalar(select(facts.c.value).where(facts.c.name == "schema"))
    if found is None:
        connection.execute(facts.insert().values(name="schema", value=str(VERSION)))
    elif found != str(VERSION):
        raise LedgerUnusable(
            f"the ledger {shown} has schema {found}, this voxpost knows {VERSION}: "
            "run the voxpost that wrote it, or put it aside and begin a new one."
        )


def _engine(url: URL) -> Engine:
    if url.get_backend_name() != "sqlite":
        partial_on_postgresql()
        return create_engine(url, pool_pre_ping=True)
    if url.database:
        _make_file(Path(url.database))
    # The writer's and the reader's thread keep a connection each.
    engine = create_engine(
        url,
        pool_size=2,
        max_overflow=0,
        connect_args={"isolation_level": None, "check_same_thread": False, "timeout": 30},
    )
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _make_file(file: Path) -> None:
    """Make the ledger's file, with the rights that the umask leaves to the group.

    SQLite would make it 0644 whatever the umask; and the rights of the file are those of its
    -wal and -shm. A script that Asterisk's user runs beside the daemon writes all three.
    """
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o770)
    with contextlib.suppress(FileExistsError):
        os.close(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o660))


def _prepare_sqlite(connection: Any, _record: object) -> None:
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "busy_timeout=30000"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    # A writer takes its lock from the start: it never has to give up half way.
    reads_only = connection.get_execution_options().get("reads_only", False)
    connection.exec_driver_sql("BEGIN" if reads_only else "BEGIN IMMEDIATE")


@contextlib.contextmanager
def only_one(file: Path) -> Iterator[None]:
    """Hold the ledger for one `voxpost run`; the lock goes with the process.

    Raises:
        LedgerInUse: another holds it.
        LedgerUnusable: the folder cannot be made or written.
    """
    try:
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o770)
        handle = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
    except OSError as error:
        raise LedgerUnusable(
            f"cannot write in {file.parent}: {error.strerror}. Make it, owned by voxpost's user, "
            "or set service.state_dir."
        ) from error
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            holder = os.pread(handle, 20, 0).decode("ascii", "replace").strip()
            raise LedgerInUse(
                f"another voxpost (process {holder or 'unknown'}) works on {file.parent}: "
                "stop it first, or give this one another service.state_dir."
            ) from None
        os.ftruncate(handle, 0)
        os.pwrite(handle, str(os.getpid()).encode(), 0)
        yield
    finally:
        os.close(handle)
