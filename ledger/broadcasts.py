"""Broadcasts: made, filled, paused, stopped, and looked at by people and commands."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import Connection, Row, select, update

from ledger.broadcast_rows import (
    Broadcast,
    BroadcastState,
    NewBroadcast,
    NumberFate,
    Tally,
    each_fate,
    read_broadcast,
    tally,
)
from ledger.errors import BroadcastRefused, NoSuchEntry
from ledger.schema import broadcasts
from ledger.store import Ledger
from ledger.text_rows import drop_held, hold_waiting, insert_texts, sources_among, stopped_among
from ledger.texts import NewText

_OPEN = (BroadcastState.SCHEDULED, BroadcastState.RUNNING)
_GROWS = (BroadcastState.DRAFT, *_OPEN, BroadcastState.DONE)
_STOPPABLE = (BroadcastState.DRAFT, *_OPEN, BroadcastState.PAUSED)


class BroadcastBook:
    """The broadcasts of one ledger. Moments are seconds since 1970, given by the caller."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    async def begin(self, new: NewBroadcast, now: float) -> Broadcast:
        """Have a broadcast that texts can be added to: a new one, or the one of that name.

        It sends nothing until `schedule`.

        Raises:
            BroadcastRefused: that name has another text, or is paused or stopped.
        """

        def work(connection: Connection) -> Broadcast:
            row = _find(connection, new.name)
            if row is not None:
                _check_grows(row, new.template)
            values: dict[str, Any] = {
                "author": new.author,
                "per_minute": new.per_minute,
                "state": BroadcastState.DRAFT,
                "words": None,
            }
            if row is None:
                values |= {"name": new.name, "template": new.template, "created": now}
                connection.execute(broadcasts.insert().values(starts=now, **values))
            else:
                connection.execute(
                    update(broadcasts).where(broadcasts.c.id == row.id).values(**values)
                )
                hold_waiting(connection, row.id)
            return _read(connection, new.name)

        return await self._ledger.write(work)

    async def check(self, name: str, template: str) -> Broadcast | None:
        """Raise what `begin` would, and change nothing; returns the one of that name."""

        def work(connection: Connection) -> Broadcast | None:
            row = _find(connection, name)
            if row is None:
                return None
            _check_grows(row, template)
            return read_broadcast(row)

        return await self._ledger.read(work)

    async def add(self, new: Sequence[NewText], now: float) -> int:
        """Add texts, a few hundred at once at most; returns how many were not known yet."""
        return await self._ledger.write(lambda it: len(insert_texts(it, new, now)))

    async def schedule(self, name: str, starts: float) -> Broadcast:
        """Have a broadcast begin by itself, once all of its texts are in."""
        states, ahead = (BroadcastState.DRAFT,), BroadcastState.SCHEDULED
        return await self._move(name, states, ahead, starts=starts, ended=None, reported=None)

    async def pause(self, name: str) -> Broadcast:
        """Send no more until `go_on`."""
        return await self._move(name, _OPEN, BroadcastState.PAUSED, hold_waiting, words=None)

    async def go_on(self, name: str) -> Broadcast:
        return await self._move(name, (BroadcastState.PAUSED,), BroadcastState.SCHEDULED)

    async def stop(self, name: str, now: float) -> Broadcast:
        """Send no more for good, and drop what waits."""

        stopped = BroadcastState.STOPPED
        found = await self._move(name, _STOPPABLE, stopped, hold_waiting, ended=now, words=None)
        while await self._ledger.write(lambda it: drop_held(it, found.id, now)):
            pass
        return found

    async def newest(self, limit: int) -> list[Broadcast]:
        statement = select(broadcasts).order_by(broadcasts.c.id.desc()).limit(limit)
        return await self._ledger.read(
            lambda it: [read_broadcast(row) for row in it.execute(statement)]
        )

    async def show(self, name: str) -> tuple[Broadcast, Tally]:
        """A broadcast, and how its texts stand.

        Raises:
            NoSuchEntry: none has this name.
        """

        def work(connection: Connection) -> tuple[Broadcast, Tally]:
            found = _read(connection, name)
            return found, tally(connection, found.id)

        return await self._ledger.read(work)

    async def fates(self, broadcast: int, take: Callable[[NumberFate], None]) -> None:
        """What became of each text, as they were put in. `take` runs in the ledger's thread."""
        await self._ledger.read(lambda it: each_fate(it, broadcast, take))

    async def known(self, sources: Sequence[str]) -> set[str]:
        """Which of these sources have a text already."""
        return await self._ledger.read(lambda it: sources_among(it, sources))

    async def stopped(self, numbers: Sequence[str]) -> set[str]:
        """Which of these numbers want no texts."""
        return await self._ledger.read(lambda it: stopped_among(it, numbers))

    async def _move(
        self,
        name: str,
        states: Sequence[BroadcastState],
        state: BroadcastState,
        also: Callable[[Connection, int], None] | None = None,
        **values: Any,
    ) -> Broadcast:
        def work(connection: Connection) -> Broadcast:
            found = _read(connection, name)
            changed = connection.execute(
                update(broadcasts)
                .where(broadcasts.c.id == found.id, broadcasts.c.state.in_(states))
                .values(state=state, **values)
            ).rowcount
            if not changed:
                raise NoSuchEntry(
                    f'the broadcast "{name}" is {found.state}: only one that is '
                    f"{' or '.join(states)} can be."
                )
            if also is not None:
                also(connection, found.id)
            return _read(connection, name)

        return await self._ledger.write(work)


def _find(connection: Connection, name: str) -> Row[Any] | None:
    return connection.execute(
        select(broadcasts).where(broadcasts.c.name == name).with_for_update()
    ).first()


def _read(connection: Connection, name: str) -> Broadcast:
    row = connection.execute(select(broadcasts).where(broadcasts.c.name == name)).first()
    if row is None:
        raise NoSuchEntry(f'no broadcast "{name}": see `voxpost sms broadcast list`.')
    return read_broadcast(row)


def _check_grows(row: Row[Any], template: str) -> None:
    if row.template != template:
        raise BroadcastRefused(
            f'the broadcast "{row.name}" has another text: give this one another name, or look at '
            f"it with `voxpost sms broadcast show {row.name}`."
        )
    if row.state not in _GROWS:
        remedy = "continue it first" if row.state == BroadcastState.PAUSED else "use another name"
        raise BroadcastRefused(f'the broadcast "{row.name}" is {row.state}: {remedy}.')
