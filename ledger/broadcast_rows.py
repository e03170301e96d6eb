"""Broadcasts as rows: what they are, and where they and their texts stand."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Row, func, select

from ledger.schema import texts
from ledger.texts import NOT_SENT, UNSETTLED, TextState

_FETCHED = 500  # rows at a time


class BroadcastState(StrEnum):
    """Where a broadcast stands."""

    DRAFT = "draft"
    """Its texts are being put in; found so later, that was interrupted."""
    SCHEDULED = "scheduled"
    """It begins, or goes on, by itself as soon as it may."""
    RUNNING = "running"
    """Its texts are sent."""
    PAUSED = "paused"
    """By hand; nothing is sent."""
    STOPPED = "stopped"
    """By hand and for good; what waited is dropped."""
    DONE = "done"
    """All of its texts were sent, or are given up."""


@dataclass(frozen=True, slots=True)
class NewBroadcast:
    """A broadcast to be made.

    Arguments:
        name: unique; the same name again is the same broadcast.
        author: mail account that gets the report.
        per_minute: texts at most; None: as fast as the gateways are.
    """

    name: str
    template: str
    author: str
    per_minute: float | None


@dataclass(frozen=True, slots=True)
class Broadcast:
    """A broadcast as it stands. words: what it waits for. Times in seconds since 1970."""

    id: int
    name: str
    template: str
    state: BroadcastState
    author: str
    per_minute: float | None
    created: float
    starts: float
    ended: float | None
    words: str | None


@dataclass(frozen=True, slots=True)
class Tally:
    """How many texts of a broadcast stand where. parts, price: of those that were sent."""

    states: Mapping[TextState, int] = field(default_factory=dict)
    parts: int = 0
    price: float = 0.0

    @property
    def total(self) -> int:
        return sum(self.states.values())

    @property
    def unsettled(self) -> int:
        return sum(self.states.get(state, 0) for state in UNSETTLED)


@dataclass(frozen=True, slots=True)
class NumberFate:
    """What became of one number's text."""

    number: str
    state: TextState
    parts: int
    price: float
    gateway: str
    settled: float | None
    words: str | None


def read_broadcast(row: Row[Any]) -> Broadcast:
    return Broadcast(
        id=row.id,
        name=row.name,
        template=row.template,
        state=BroadcastState(row.state),
        author=row.author,
        per_minute=row.per_minute,
        created=row.created,
        starts=row.starts,
        ended=row.ended,
        words=row.words,
    )


def tally(connection: Connection, broadcast: int) -> Tally:
    rows = connection.execute(
        select(texts.c.state, func.count(), func.sum(texts.c.parts), func.sum(texts.c.price))
        .where(texts.c.broadcast == broadcast)
        .group_by(texts.c.state)
    ).all()
    sent = [row for row in rows if row[0] not in (*NOT_SENT, *UNSETTLED)]
    return Tally(
        states={TextState(row[0]): row[1] for row in rows},
        parts=sum(row[2] for row in sent),
        price=sum(row[3] for row in sent),
    )


def each_fate(connection: Connection, broadcast: int, take: Callable[[NumberFate], None]) -> None:
    rows = connection.execute(
        select(texts).where(texts.c.broadcast == broadcast).order_by(texts.c.id),
        execution_options={"yield_per": _FETCHED},
    )
    for row in rows:
        take(
            NumberFate(
                number=row.number,
                state=TextState(row.state),
                parts=row.parts,
                price=row.price,
                gateway=row.gateway,
                settled=row.settled,
                words=row.words,
            )
        )
