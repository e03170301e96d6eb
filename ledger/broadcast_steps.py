"""What the daemon does with broadcasts: lets them run and rest, releases their texts, ends them.

The texts of a broadcast are held. A few at a time are released, and only these wait for a gateway:
so speed, quiet hours and caps cost no more than one look, and a broadcast of thousands is never in
the way of what one person writes.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field

from sqlalchemy import Connection, and_, func, or_, select, update
from sqlalchemy.sql import ColumnElement

from ledger.broadcast_rows import (
    Broadcast,
    BroadcastState,
    NumberFate,
    Tally,
    each_fate,
    read_broadcast,
    tally,
)
from ledger.entries import NewEntry
from ledger.rows import insert_entry
from ledger.schema import broadcasts, texts
from ledger.store import Ledger
from ledger.text_rows import drop_held, hold_waiting, move
from ledger.texts import NOT_SENT, TextState

_ENDED = (BroadcastState.DONE, BroadcastState.STOPPED)


@dataclass(frozen=True, slots=True)
class Released:
    """What was released.

    Arguments:
        gateways: those that have something to send now.
        full: there was more, and the parts that were left do not suffice for the next.
        done: nothing is left to be sent, and the broadcast is done.
    """

    texts: int = 0
    parts: int = 0
    gateways: Collection[str] = ()
    full: bool = False
    done: bool = False


@dataclass(slots=True)
class _Release:
    ids: list[int] = field(default_factory=list)
    gateways: set[str] = field(default_factory=set)
    parts: int = 0
    full: bool = False

    def take(self, some: Iterable[tuple[int, int]], gateway: str, most: int) -> None:
        """Add texts (id, parts) while there are parts left. most: of the whole release."""
        for text_id, parts in some:
            if self.parts + parts > most:
                self.full = True
                return
            self.ids.append(text_id)
            self.parts += parts
            self.gateways.add(gateway)


class BroadcastSteps:
    """The broadcasts of one ledger, for the daemon. Moments are seconds since 1970."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    async def unfinished(self) -> list[Broadcast]:
        """Those that are to be sent, and those that ended and were not reported."""
        statement = (
            select(broadcasts)
            .where(
                or_(
                    broadcasts.c.state.in_((BroadcastState.SCHEDULED, BroadcastState.RUNNING)),
                    and_(broadcasts.c.state.in_(_ENDED), broadcasts.c.reported.is_(None)),
                )
            )
            .order_by(broadcasts.c.id)
        )
        return await self._ledger.read(
            lambda it: [read_broadcast(row) for row in it.execute(statement)]
        )

    async def run(self, broadcast: int) -> None:
        """A scheduled one may send now."""
        values = {"state": BroadcastState.RUNNING, "words": None}
        await self._set(broadcast, broadcasts.c.state == BroadcastState.SCHEDULED, **values)

    async def rest(self, broadcast: int, words: str) -> None:
        """One that is scheduled or runs may not send now. What it had released is held again."""

        def work(connection: Connection) -> None:
            changed = connection.execute(
                update(broadcasts)
                .where(
                    broadcasts.c.id == broadcast,
                    broadcasts.c.state.in_((BroadcastState.SCHEDULED, BroadcastState.RUNNING)),
                )
                .values(state=BroadcastState.SCHEDULED, words=words)
            ).rowcount
            if changed:
                hold_waiting(connection, broadcast)

        await self._ledger.write(work)

    async def release(
        self, broadcast: int, *, limit: int, parts: int, ahead: int, now: float
    ) -> Released:
        """Let texts of a running broadcast be sent, in the order in which they were put in.

        Arguments:
            limit: texts at most.
            parts: parts at most; what is left of the day's.
            ahead: texts that may wait for one gateway.
        """

        def work(connection: Connection) -> Released:
            state = connection.scalar(
                select(broadcasts.c.state).where(broadcasts.c.id == broadcast).with_for_update()
            )
            if state != BroadcastState.RUNNING:
                return Released()
            held = _count(connection, broadcast, TextState.HELD)
            waiting = _count(connection, broadcast, TextState.WAITING)
            if not held and not waiting and not _count(connection, broadcast, TextState.SENDING):
                connection.execute(
                    update(broadcasts)
                    .where(broadcasts.c.id == broadcast)
                    .values(state=BroadcastState.DONE, ended=now)
                )
                return Released(done=True)
            release = _Release()
            # The gateway that has least to do comes first: a slow one must not keep the others.
            for gateway in sorted(held, key=lambda it: waiting.get(it, 0)):
                room = min(limit - len(release.ids), ahead - waiting.get(gateway, 0))
                if room > 0 and not release.full:
                    release.take(_next_held(connection, broadcast, gateway, room), gateway, parts)
            move(connection, release.ids, state=TextState.WAITING, due=now)
            return Released(len(release.ids), release.parts, release.gateways, release.full)

        return await self._ledger.write(work)

    async def released_since(self, since: float) -> int:
        """Parts of all broadcasts that were released since a moment, but those not sent after all.

        since: not before yesterday; it looks at what was sent lately alone.
        """
        lately = select(broadcasts.c.id).where(
            or_(broadcasts.c.ended.is_(None), broadcasts.c.ended >= since)
        )
        statement = select(func.coalesce(func.sum(texts.c.parts), 0)).where(
            texts.c.broadcast.in_(lately),
            texts.c.due >= since,
            texts.c.state.not_in((TextState.HELD, *NOT_SENT)),
        )
        return await self._ledger.read(lambda it: int(it.scalar(statement) or 0))

    async def drop_rest(self, broadcast: int, now: float) -> None:
        """Drop some of what still waits of a broadcast that was stopped."""

        def work(connection: Connection) -> None:
            hold_waiting(connection, broadcast)
            drop_held(connection, broadcast, now)

        await self._ledger.write(work)

    async def states(self, broadcast: int) -> set[TextState]:
        """Where its texts stand. The index alone answers."""
        statement = select(texts.c.state).where(texts.c.broadcast == broadcast).distinct()
        return await self._ledger.read(lambda it: set(map(TextState, it.scalars(statement))))

    async def tally(self, broadcast: int) -> Tally:
        return await self._ledger.read(lambda it: tally(it, broadcast))

    async def fates(self, broadcast: int, take: Callable[[NumberFate], None]) -> None:
        """What became of each text, as they were put in. `take` runs in the ledger's thread."""
        await self._ledger.read(lambda it: each_fate(it, broadcast, take))

    async def report(self, broadcast: int, entry: NewEntry, now: float) -> None:
        """Hand the report over to be mailed. Once, however often it is asked for."""

        def work(connection: Connection) -> None:
            changed = connection.execute(
                update(broadcasts)
                .where(broadcasts.c.id == broadcast, broadcasts.c.state.in_(_ENDED))
                .values(reported=now)
            ).rowcount
            if changed:
                insert_entry(connection, entry, now)

        await self._ledger.write(work)

    async def _set(self, broadcast: int, where: ColumnElement[bool], **values: object) -> None:
        statement = update(broadcasts).where(broadcasts.c.id == broadcast, where).values(**values)
        await self._ledger.write(lambda it: it.execute(statement).rowcount)


def _count(connection: Connection, broadcast: int, state: TextState) -> Mapping[str, int]:
    """How many of its texts stand so, by gateway. The index alone answers."""
    rows = connection.execute(
        select(texts.c.gateway, func.count())
        .where(texts.c.broadcast == broadcast, texts.c.state == state)
        .group_by(texts.c.gateway)
    )
    return {row[0]: row[1] for row in rows}


def _next_held(
    connection: Connection, broadcast: int, gateway: str, limit: int
) -> list[tuple[int, int]]:
    """Texts that a broadcast holds for a gateway, the first first: id and parts."""
    rows = connection.execute(
        select(texts.c.id, texts.c.parts)
        .where(
            texts.c.broadcast == broadcast,
            texts.c.state == TextState.HELD,
            texts.c.gateway == gateway,
        )
        .order_by(texts.c.id)
        .limit(limit)
    )
    return [(row.id, row.parts) for row in rows]
