"""Pairs of a mail and a telephone message that are kept in step, and what both agreed on last."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, delete, func, null, select, update

from ledger.entries import State
from ledger.facts import VoicemailFacts, read_facts
from ledger.rows import parts, repeated
from ledger.schema import in_step, outbox
from ledger.store import Ledger

_open = in_step.c.closed.is_(null())


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a mail lies. account: whose, and at which server."""

    account: str
    folder: str
    uid_validity: int
    uid: int


@dataclass(frozen=True, slots=True)
class Pair:
    """A mail and the message on the telephone that it is of."""

    entry: int
    extension: str
    mailbox: str
    msg_id: str
    message_id: str
    opened: float
    read: bool
    """What both sides last agreed on."""
    whole: bool = False
    """Whether the mail carries the recording; known once it was seen."""
    spot: Spot | None = None
    """Where the mail was seen last; None: it was not seen yet."""
    closed: str | None = None
    """Why nothing is kept in step any more; None while something is."""

    @property
    def source(self) -> str:
        """What the outbox knows the message by."""
        return f"voicemail:{self.mailbox}:{self.msg_id}"


@dataclass(frozen=True, slots=True)
class Standing:
    """What the ledger knows of messages on the telephone."""

    settled: frozenset[str] = frozenset()
    """Sources that are paired, or were."""
    delivered: tuple[int, ...] = ()
    """Entries that are delivered and not paired yet."""
    awaited: bool = False
    """Whether a mail is still on its way."""


class InStep:
    """The pairs of one ledger. Moments are seconds since 1970, given by the caller."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    async def standing(self, sources: Collection[str]) -> Standing:
        """How messages on the telephone stand, by what the outbox knows them by."""
        wanted = list(sources)

        def work(connection: Connection) -> Standing:
            settled: set[str] = set()
            delivered: list[int] = []
            awaited = False
            for part in parts(wanted):
                rows = connection.execute(
                    select(outbox.c.id, outbox.c.source, outbox.c.state, in_step.c.entry)
                    .outerjoin(in_step, in_step.c.entry == outbox.c.id)
                    .where(outbox.c.source.in_(part))
                )
                for row in rows:
                    if row.entry is not None:
                        settled.add(row.source)
                    elif row.state == State.DELIVERED:
                        delivered.append(row.id)
                    elif row.state == State.WAITING:
                        awaited = True
            return Standing(frozenset(settled), tuple(delivered), awaited)

        return await self._ledger.read(work)

    async def open(self, entries: Sequence[int], now: float) -> None:
        """Begin to keep delivered entries in step; from unread and new on."""

        def work(connection: Connection) -> None:
            rows = connection.execute(
                select(outbox.c.id, outbox.c.extension, outbox.c.message_id)
                .add_columns(outbox.c.kind, outbox.c.payload)
                .outerjoin(in_step, in_step.c.entry == outbox.c.id)
                .where(outbox.c.id.in_(repeated(entries)), in_step.c.entry.is_(null()))
                .where(outbox.c.state == State.DELIVERED)
            ).all()
            values = [
                {
                    "entry": row.id,
                    "extension": row.extension,
                    "mailbox": facts.mailbox,
                    "msg_id": facts.msg_id,
                    "message_id": row.message_id,
                    "read": False,
                    "whole": False,
                    "opened": now,
                }
                for row in rows
                if isinstance(facts := read_facts(row.kind, row.payload), VoicemailFacts)
            ]
            if values:
                connection.execute(in_step.insert(), values)

        await self._ledger.write(work)

    async def open_pairs(self, extension: str) -> list[Pair]:
        """A person's pairs that are kept in step. One whose mail bounced is forgotten."""

        def look(connection: Connection) -> tuple[list[Pair], list[int]]:
            rows = connection.execute(
                select(in_step, outbox.c.state)
                .join(outbox, in_step.c.entry == outbox.c.id)
                .where(in_step.c.extension == extension, _open)
                .order_by(in_step.c.entry)
            ).all()
            back = [row.entry for row in rows if row.state != State.DELIVERED]
            return [_pair(row) for row in rows if row.state == State.DELIVERED], back

        pairs, back = await self._ledger.read(look)
        if back:
            statement = delete(in_step).where(in_step.c.entry.in_(repeated(back)))
            await self._ledger.write(lambda it: it.execute(statement).rowcount)
        return pairs

    async def extensions(self) -> set[str]:
        """Who has open pairs."""
        statement = select(in_step.c.extension).where(_open).distinct()
        return await self._ledger.read(lambda it: set(it.scalars(statement)))

    async def count_open(self) -> int:
        """How many pairs are kept in step."""
        statement = select(func.count()).select_from(in_step).where(_open)
        return await self._ledger.read(lambda it: it.scalar(statement) or 0)

    async def settle(self, pairs: Sequence[Pair], now: float) -> None:
        """Write down how these pairs stand now, all in one commit."""

        def work(connection: Connection) -> None:
            for pair in pairs:
                values: dict[str, Any] = {"read": pair.read, "whole": pair.whole}
                if (spot := pair.spot) is not None:
                    values |= {
                        "account": spot.account,
                        "folder": spot.folder,
                        "uid_validity": spot.uid_validity,
                        "uid": spot.uid,
                    }
                if pair.closed is not None:
                    values |= {"closed": now, "reason": pair.closed}
                connection.execute(
                    update(in_step).where(in_step.c.entry == pair.entry, _open).values(**values)
                )

        if pairs:
            await self._ledger.write(work)


def _pair(row: Any) -> Pair:
    seen = row.account is not None
    return Pair(
        entry=row.entry,
        extension=row.extension,
        mailbox=row.mailbox,
        msg_id=row.msg_id,
        message_id=row.message_id,
        opened=row.opened,
        read=row.read,
        whole=row.whole,
        spot=Spot(row.account, row.folder, row.uid_validity, row.uid) if seen else None,
        closed=row.reason,
    )
