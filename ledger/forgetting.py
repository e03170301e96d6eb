"""Forgetting: what was settled long ago leaves the ledger, with all that it says of people.

Nothing leaves that is still to be done. The stop list and its history stay: they are the proof
that nobody was written to against their will.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, Table, and_, delete, exists, func, or_, select, update

from ledger.entries import State
from ledger.facts import NoticeFacts, TextFacts
from ledger.rows import repeated
from ledger.schema import (
    broadcasts,
    group_members,
    in_step,
    keyword_calls,
    outbox,
    text_parts,
    text_pieces,
    texts,
)
from ledger.store import Ledger
from ledger.texts import UNSETTLED

_SOME = 256  # rows in one transaction, so that the writer is not held for long
# The gateway's name of a part stays: what PlaySMS has in its inbox it brings again, STOP and START.
_NOTHING = {"raw": "", "sender": "", "own_number": None, "body": None, "trouble": None}


class OldMail(NamedTuple):
    """A settled entry of the outbox. audio: its recording in voxpost's spool, where it has one."""

    id: int
    source: str
    audio: str | None


class OfNumber(NamedTuple):
    """How much the ledger had of a number. unsettled: texts that are still to be sent, and stay."""

    texts: int
    mails: int
    groups: int
    unsettled: int


class Forgetting:
    """What one ledger may forget. Moments are seconds since 1970, given by the caller."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    async def old_mails(self, before: float, after: int) -> tuple[list[OldMail], int | None]:
        """Some of the entries that were settled before a moment, in the order they came.

        Arguments:
            after: the entry to begin behind, 0 at first.

        Returns:
            those entries, and the one to go on behind; None when all were looked at.
        """
        statement = (
            select(outbox, in_step.c.entry.label("pair"))
            .outerjoin(in_step, and_(in_step.c.entry == outbox.c.id, in_step.c.closed.is_(None)))
            .where(outbox.c.id > after)
            .order_by(outbox.c.id)
            .limit(_SOME)
        )

        def work(connection: Connection) -> tuple[list[OldMail], int | None]:
            rows = connection.execute(statement).all()
            done = [row for row in rows if _is_done_with(row, before)]
            found = [OldMail(row.id, row.source, row.audio) for row in done]
            # Behind so many young ones are none but young ones; an index would cost every mail.
            on = len(rows) == _SOME and any(row.created < before for row in rows)
            return found, rows[-1].id if on else None

        return await self._ledger.read(work)

    async def forget_mails(self, entries: Sequence[int]) -> set[int]:
        """Forget entries of the outbox; returns which went.

        What was asked to be sent again meanwhile stays.
        """

        def work(connection: Connection) -> set[int]:
            gone = outbox.c.id.in_(repeated(entries)) & (outbox.c.state != State.WAITING)
            forgotten = delete(outbox).where(gone).returning(outbox.c.id)
            went = connection.scalars(forgotten).all()
            if went:
                connection.execute(delete(in_step).where(in_step.c.entry.in_(repeated(went))))
            return set(went)

        return await self._ledger.write(work)

    async def forget_texts(self, before: float) -> int:
        """Forget some texts that were settled before a moment; returns how many, 0 when all are.

        Those of a broadcast go when all of it is over, so that its list can be run again till
        then without anybody getting it twice.
        """
        settled = func.coalesce(texts.c.settled, texts.c.created) < before
        single = texts.c.broadcast.is_(None) & (texts.c.created < before)  # by their index
        which = single & texts.c.state.not_in(UNSETTLED) & settled
        return await self._ledger.write(lambda it: _forget_some(it, which))

    async def forget_broadcasts(self, before: float) -> int:
        """Forget some of the texts of broadcasts that ended before a moment, and then those.

        Returns how many rows went; 0 when all did.
        """

        def work(connection: Connection) -> int:
            unsettled = exists().where(
                texts.c.broadcast == broadcasts.c.id,
                or_(texts.c.state.in_(UNSETTLED), texts.c.settled >= before),
            )
            over = connection.scalar(
                select(broadcasts.c.id).where(broadcasts.c.ended < before, ~unsettled).limit(1)
            )
            if over is None:
                return 0
            if count := _forget_some(connection, texts.c.broadcast == over):
                return count
            return connection.execute(delete(broadcasts).where(broadcasts.c.id == over)).rowcount

        return await self._ledger.write(work)

    async def forget_number(self, number: str) -> OfNumber:
        """Forget the texts from and to a number, their e-mails, and the groups that it is in.

        What is still to be sent or mailed stays, and so does the stop list.

        Arguments:
            number: E.164, or a sender's name.
        """

        return await self._ledger.write(lambda it: _forget_number(it, number))


def _forget_number(connection: Connection, number: str) -> OfNumber:
    own = texts.c.number == number
    done = select(texts.c.id).where(own, texts.c.state.not_in(UNSETTLED))

    def forget(table: Table, *which: Any) -> int:
        return connection.execute(delete(table).where(*which)).rowcount

    unsettled = select(func.count()).where(own, texts.c.state.in_(UNSETTLED))
    return OfNumber(
        texts=_forget_texts(connection, done),
        mails=forget(outbox, _tells_of(number), outbox.c.state != State.WAITING),
        groups=forget(group_members, group_members.c.number == number),
        unsettled=connection.scalar(unsettled) or 0,
    )


def _tells_of(number: str) -> Any:
    """E-mails that say something of a number, by their facts as ledger/facts.py wrote them."""
    as_written = f'"number": {json.dumps(number)}'
    kinds = (TextFacts.KIND, NoticeFacts.KIND)
    return outbox.c.kind.in_(kinds) & outbox.c.payload.contains(as_written, autoescape=True)


def _is_done_with(row: Any, before: float) -> bool:
    return (
        row.state != State.WAITING
        and row.aftercare is None
        and row.pair is None
        and (row.settled or row.created) < before
    )


def _forget_some(connection: Connection, which: Any) -> int:
    ids = connection.scalars(select(texts.c.id).where(which).limit(_SOME)).all()
    return _forget_texts(connection, repeated(ids)) if ids else 0


def _forget_texts(connection: Connection, ids: Any) -> int:
    """Forget texts with all that hangs on them. ids: their numbers, or a question for them."""
    for part in (text_pieces, keyword_calls):
        connection.execute(delete(part).where(part.c.text.in_(ids)))
    connection.execute(update(text_parts).where(text_parts.c.text.in_(ids)).values(_NOTHING))
    return connection.execute(delete(texts).where(texts.c.id.in_(ids))).rowcount
