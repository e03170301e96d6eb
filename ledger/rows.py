"""What all tables need of SQL, and entries of the outbox as rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import Column, ColumnElement, Connection, Row, Table, select, update
from sqlalchemy.dialects import sqlite

from ledger.entries import Entry, NewEntry, State
from ledger.facts import read_facts, write_facts
from ledger.schema import outbox

if TYPE_CHECKING:
    from sqlalchemy.dialects import postgresql

T = TypeVar("T")
_STEP = 64
_PART = 512  # values in one statement


def repeated(values: Sequence[T]) -> list[T]:
    """Values for IN, the last one again until there are a multiple of 64.

    sqlite3 keeps the last 128 statements, each with the values that it ran with. With a statement
    for every number of values that would be more than ten megabytes.
    """
    return [*values, *list(values[-1:]) * (-len(values) % _STEP)]


def parts(values: Sequence[T]) -> Iterator[list[T]]:
    """Any number of values for IN, some at a time."""
    for start in range(0, len(values), _PART):
        yield repeated(values[start : start + _PART])


def among(
    connection: Connection, column: Column[T], values: Sequence[T], *where: ColumnElement[bool]
) -> set[T]:
    """Which of these values a column has, in the rows that are meant."""
    found: set[T] = set()
    for some in parts(values):
        found.update(connection.scalars(select(column).where(column.in_(some), *where)))
    return found


def insert(connection: Connection, table: Table) -> sqlite.Insert | postgresql.Insert:
    """An INSERT that may say what to do ON CONFLICT, in the words of this database."""
    if connection.dialect.name == "postgresql":
        # Two megabytes that most sites never use.
        from sqlalchemy.dialects import postgresql  # noqa: PLC0415

        return postgresql.insert(table)
    return sqlite.insert(table)


def insert_entry(connection: Connection, entry: NewEntry, now: float) -> bool:
    """Insert unless its source is known."""
    statement = (
        insert(connection, outbox)
        .values(
            source=entry.source,
            kind=entry.facts.KIND,
            extension=entry.extension,
            recipient=entry.recipient,
            message_id=entry.message_id,
            payload=write_facts(entry.facts),
            audio=entry.audio,
            created=now,
            state=entry.state,
            due=now,
            aftercare=entry.aftercare,
        )
        .on_conflict_do_nothing(index_elements=["source"])
        .returning(outbox.c.id)
    )
    return connection.execute(statement).first() is not None


def set_aside(connection: Connection, entry_id: int, now: float, why: str) -> None:
    values = {"state": State.FAILED, "settled": now, "leased_by": None, "last_error": why}
    connection.execute(update(outbox).where(outbox.c.id == entry_id).values(**values))


def read_entry(row: Row[Any], lease: tuple[float, str] | None = None) -> Entry:
    """An entry as its row has it. lease: until when, and whose, if it was just given."""
    due, leased_by = lease or (row.due, row.leased_by)
    return Entry(
        id=row.id,
        source=row.source,
        extension=row.extension,
        recipient=row.recipient,
        message_id=row.message_id,
        facts=read_facts(row.kind, row.payload),
        audio=row.audio,
        created=row.created,
        state=State(row.state),
        attempts=row.attempts,
        due=due,
        leased_by=leased_by,
        last_error=row.last_error,
        settled=row.settled,
        aftercare=row.aftercare,
    )
