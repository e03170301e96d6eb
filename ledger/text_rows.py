"""Texts as rows of their table."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, exists, func, select, update

from ledger.rows import among, insert, parts
from ledger.schema import stop_list, text_pieces, texts
from ledger.texts import (
    NOT_SENT,
    NewText,
    Origin,
    PieceRecord,
    PieceState,
    Text,
    TextState,
    Usage,
)

SINGLE_RANK, BROADCAST_RANK = 0, 1
_AT_ONCE = 1000  # texts in one step, so that the writer is not held for long
_NOT_STORED = re.compile("[\0\ud800-\udfff]")


def storable(text: str) -> str:
    """Text that every database takes: half characters and NUL, of strangers, become U+FFFD."""
    return _NOT_STORED.sub("\ufffd", text)


def insert_texts(connection: Connection, new: Sequence[NewText], now: float) -> list[str]:
    """Insert those whose source is not known; returns the sources that were new."""
    statement = (
        insert(connection, texts)
        .on_conflict_do_nothing(index_elements=["source"])
        .returning(texts.c.source)
    )
    rows = [
        {
            "source": text.source,
            "origin": text.origin,
            "number": text.number,
            "own_number": text.own_number,
            "gateway": text.gateway,
            "extension": text.extension,
            "account": text.account,
            "author": text.author,
            "body": storable(text.body),
            "message_id": text.message_id,
            "created": now,
            "state": TextState.WAITING if text.broadcast is None else TextState.HELD,
            "due": text.due,
            "rank": SINGLE_RANK if text.broadcast is None else BROADCAST_RANK,
            "parts": text.parts,
            "pieces": text.pieces,
            "price": text.price,
            "attempts": 0,
            "broadcast": text.broadcast,
        }
        for text in new
    ]
    return list(connection.scalars(statement, rows)) if rows else []


def read_text(row: Row[Any]) -> Text:
    return Text(
        id=row.id,
        source=row.source,
        origin=Origin(row.origin),
        number=row.number,
        own_number=row.own_number,
        gateway=row.gateway,
        extension=row.extension,
        account=row.account,
        author=row.author,
        body=row.body,
        message_id=row.message_id,
        created=row.created,
        state=TextState(row.state),
        due=row.due,
        parts=row.parts,
        pieces=row.pieces,
        price=row.price,
        attempts=row.attempts,
        words=row.words,
        settled=row.settled,
        broadcast=row.broadcast,
    )


def read_piece(row: Row[Any]) -> PieceRecord:
    return PieceRecord(
        text=row.text,
        at=row.at,
        gateway=row.gateway,
        state=PieceState(row.state),
        reference=row.reference,
        words=row.words,
        moved=row.moved,
    )


def pieces_of(connection: Connection, text_ids: Sequence[int]) -> dict[int, list[PieceRecord]]:
    """What was begun with of each of these texts, in order."""
    found: dict[int, list[PieceRecord]] = {text_id: [] for text_id in text_ids}
    for some in parts(text_ids):
        rows = connection.execute(
            select(text_pieces).where(text_pieces.c.text.in_(some)).order_by(text_pieces.c.at)
        )
        for row in rows:
            found[row.text].append(read_piece(row))
    return found


def texts_of(connection: Connection, text_ids: Sequence[int]) -> list[Text]:
    rows = [
        row
        for some in parts(text_ids)
        for row in connection.execute(select(texts).where(texts.c.id.in_(some)))
    ]
    return [read_text(row) for row in rows]


def stopped_among(connection: Connection, numbers: Sequence[str]) -> set[str]:
    """Which of these numbers want no texts."""
    return among(connection, stop_list.c.number, numbers)


def sources_among(connection: Connection, sources: Sequence[str]) -> set[str]:
    """Which of these sources have a text."""
    return among(connection, texts.c.source, sources)


def hold_waiting(connection: Connection, broadcast: int) -> None:
    """Hold what a broadcast had released. What a person asked for again goes on."""
    connection.execute(
        update(texts)
        .where(
            texts.c.broadcast == broadcast,
            texts.c.state == TextState.WAITING,
            texts.c.rank == BROADCAST_RANK,
        )
        .values(state=TextState.HELD)
    )


def drop_held(connection: Connection, broadcast: int, now: float) -> int:
    """Drop some of the texts that a broadcast holds; returns how many."""
    held = (
        select(texts.c.id)
        .where(texts.c.broadcast == broadcast, texts.c.state == TextState.HELD)
        .limit(_AT_ONCE)
    )
    return connection.execute(
        update(texts)
        .where(texts.c.id.in_(held.scalar_subquery()))
        .values(state=TextState.DROPPED, settled=now)
    ).rowcount


def move(connection: Connection, text_ids: Sequence[int], **values: Any) -> None:
    for some in parts(text_ids):
        connection.execute(update(texts).where(texts.c.id.in_(some)).values(**values))


def count_since(connection: Connection, number: str, origin: Origin, since: float) -> int:
    """How many texts of an origin a number had since a moment."""
    found: int | None = connection.scalar(
        select(func.count())
        .select_from(texts)
        .where(texts.c.number == number, texts.c.origin == origin, texts.c.created > since)
    )
    return found or 0


def usage_since(connection: Connection, since: float, extension: str, account: str) -> Usage:
    """The parts that were asked for since a moment, and may have to be paid.

    What a gateway took counts, even where the network could not bring it. A person's are those
    that he wrote; what the dialplan sends for him counts for the site.
    """
    # A piece that a gateway refused has no reference.
    taken = exists().where(text_pieces.c.text == texts.c.id, text_pieces.c.reference.is_not(None))
    rows = connection.execute(
        select(texts.c.extension, texts.c.account, texts.c.origin, func.sum(texts.c.parts))
        .where(
            texts.c.created >= since,
            texts.c.broadcast.is_(None),
            texts.c.origin != Origin.GATEWAY,
            texts.c.state.not_in(NOT_SENT) | taken,
        )
        .group_by(texts.c.extension, texts.c.account, texts.c.origin)
    ).all()
    own = [row for row in rows if row[2] != Origin.DIALPLAN]
    return Usage(
        person=sum(row[3] for row in own if extension and row[0] == extension),
        account=sum(row[3] for row in rows if account and row[1] == account),
        site=sum(row[3] for row in rows),
    )
