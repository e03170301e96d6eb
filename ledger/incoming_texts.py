"""Texts that come in: each part kept as it came, joined, and settled in one commit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, null, select, update

from ledger.arrivals import Gathered, NewPart, Taken
from ledger.number_lists import join, leave, stop, unstop
from ledger.rows import insert, insert_entry, parts
from ledger.schema import keyword_calls, text_parts, texts
from ledger.store import Ledger
from ledger.text_rows import insert_texts, storable
from ledger.texts import Origin, TextState
from ledger.texts_so_far import Decide, TextsSoFar

_CLOCK = 86400.0  # seconds


class IncomingTexts:
    """The texts that come into one ledger. Moments are seconds since 1970, given by the caller."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    async def take_in(self, part: NewPart, now: float, decide: Decide) -> Taken | None:
        """Record a part, and the text when it is whole. None: known, or others are missing yet."""

        def work(connection: Connection) -> Taken | None:
            part_id = _insert_part(connection, part, now)
            if part_id is None:
                return None
            rows = _siblings(connection, part, part_id)
            gathered = _gather(rows)
            return _settle(connection, rows, gathered, now, decide) if gathered.whole else None

        return await self._ledger.write(work)

    async def take_overdue(self, before: float, now: float, decide: Decide) -> list[Taken]:
        """Make texts of parts that came before a moment and still wait for others."""

        def work(connection: Connection) -> list[Taken]:
            alone = connection.execute(
                select(text_parts)
                .where(
                    text_parts.c.text.is_(null()),
                    # Or came while the clock was ahead.
                    (text_parts.c.came < before) | (text_parts.c.came > now + _CLOCK),
                )
                .order_by(text_parts.c.came)
                .limit(100)
            ).all()
            taken, done = [], set[int]()
            for row in alone:
                if row.id not in done:
                    rows = _siblings(connection, row, row.id)
                    done.update(it.id for it in rows)
                    taken.append(_settle(connection, rows, _gather(rows), now, decide))
            return taken

        return await self._ledger.write(work)


def _insert_part(connection: Connection, part: NewPart, now: float) -> int | None:
    statement = (
        insert(connection, text_parts)
        .values(
            gateway=part.gateway,
            key=part.key,
            raw=storable(part.raw),
            sender=part.sender,
            own_number=part.own_number,
            sent_at=part.sent_at,
            came=now,
            body=None if part.body is None else storable(part.body),
            trouble=None if part.trouble is None else storable(part.trouble),
            reference=part.reference,
            total=part.total,
            number=part.number,
        )
        .on_conflict_do_nothing(index_elements=["gateway", "key"])
        .returning(text_parts.c.id)
    )
    part_id: int | None = connection.scalar(statement)
    return part_id


def _siblings(connection: Connection, part: Any, part_id: int) -> Sequence[Any]:
    """The rows of a part and of all that belong to the same text, in the order they came."""
    same = text_parts.c.id == part_id
    if part.total is not None:
        same = (
            text_parts.c.text.is_(null())
            & (text_parts.c.gateway == part.gateway)
            & (text_parts.c.sender == part.sender)
            & (text_parts.c.reference == part.reference)
            & (text_parts.c.total == part.total)
        )
    rows = connection.execute(select(text_parts).where(same).order_by(text_parts.c.id)).all()
    # References come again: a part that says something else is of the next text.
    kept: list[Any] = []
    bodies: dict[int, str | None] = {}
    for row in rows:
        number = row.number or 1
        known = bodies.get(number)
        if known is None or row.body in {None, known}:
            bodies[number] = row.body if known is None else known
            kept.append(row)
    return kept


def _gather(rows: Sequence[Any]) -> Gathered:
    first = rows[0]
    troubles = dict.fromkeys(row.trouble for row in rows if row.trouble)
    bodies: dict[int, str | None] = {}
    for row in rows:
        # One that came twice may have been spoilt once.
        if bodies.get(row.number or 1) is None:
            bodies[row.number or 1] = row.body
    return Gathered(
        source=f"text:{first.gateway}:{first.key}",
        gateway=first.gateway,
        sender=first.sender,
        own_number=first.own_number,
        sent_at=first.sent_at,
        bodies=bodies,
        total=first.total or 1,
        trouble="; ".join(troubles) or None,
    )


def _settle(
    connection: Connection, rows: Sequence[Any], gathered: Gathered, now: float, decide: Decide
) -> Taken:
    taken = decide(gathered, TextsSoFar(connection))
    inserted = connection.execute(
        texts.insert().values(
            source=gathered.source,
            origin=Origin.GATEWAY,
            number=taken.number,
            own_number=gathered.own_number,
            gateway=gathered.gateway,
            extension=taken.extension,
            account=taken.account,
            author="",
            body=storable(taken.body),
            message_id=taken.message_id,
            created=now,
            state=TextState.RECEIVED,
            due=now,
            rank=0,
            parts=gathered.total,
            pieces=gathered.total,
            price=0.0,
            attempts=0,
            words=gathered.trouble,
            settled=now,
        )
    ).inserted_primary_key
    assert inserted is not None, "the row was inserted"
    for ids in parts([row.id for row in rows]):
        whole = update(text_parts).where(text_parts.c.id.in_(ids))
        connection.execute(whole.values(text=inserted[0]))
    for entry in taken.mails:
        insert_entry(connection, entry, now)
    insert_texts(connection, taken.answers, now)
    if taken.call is not None:
        owed = {"text": inserted[0], "created": now, "due": now, "attempts": 0}
        call = {"keyword": taken.call.keyword, "may_answer": taken.call.may_answer}
        connection.execute(keyword_calls.insert().values(**owed, **call))
    _keep_lists(connection, taken, gathered.source, now)
    return taken


def _keep_lists(connection: Connection, taken: Taken, how: str, now: float) -> None:
    number = taken.number
    if taken.stop is not None:
        if taken.stop:
            stop(connection, [number], how, now)
        else:
            unstop(connection, number, how, now)
    for change in taken.groups:
        if change.joins:
            join(connection, change.group, {number: {}}, how, now)
        else:
            leave(connection, change.group, [number])
