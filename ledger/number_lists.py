"""Lists of numbers: those that want no texts, and groups for broadcasts."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, delete, func, select

from ledger.rows import among, insert, parts
from ledger.schema import group_members, stop_changes, stop_list
from ledger.store import Ledger


@dataclass(frozen=True, slots=True)
class Stopped:
    """A number that wants no texts. how: "text:..." is its own text, else who put it there."""

    number: str
    since: float
    how: str


@dataclass(frozen=True, slots=True)
class StopChange:
    """A number went on the stop list, or came from it. Kept for ever."""

    number: str
    at: float
    stopped: bool
    how: str


@dataclass(frozen=True, slots=True)
class Member:
    """A number of a group. fields: for the template of a broadcast."""

    number: str
    fields: Mapping[str, str]
    since: float
    how: str


def stop(connection: Connection, numbers: Sequence[str], how: str, now: float) -> list[str]:
    """Put numbers on the stop list; returns those that were not on it."""
    statement = (
        insert(connection, stop_list)
        .on_conflict_do_nothing(index_elements=["number"])
        .returning(stop_list.c.number)
    )
    rows = [{"number": number, "since": now, "how": how} for number in numbers]
    new = list(connection.scalars(statement, rows)) if rows else []
    _keep_change(connection, new, now, stopped=True, how=how)
    return new


def unstop(connection: Connection, number: str, how: str, now: float) -> bool:
    """Take a number from the stop list; False if it was not on it."""
    gone = connection.execute(delete(stop_list).where(stop_list.c.number == number)).rowcount
    _keep_change(connection, [number] if gone else [], now, stopped=False, how=how)
    return bool(gone)


def join(
    connection: Connection,
    group: str,
    members: Mapping[str, Mapping[str, str]],
    how: str,
    now: float,
) -> list[str]:
    """Have numbers in a group, with their fields; returns those that were not in it.

    A member's fields are replaced where there are new ones.
    """
    known = _known(connection, group, list(members))
    rows = [
        {"name": group, "number": number, "fields": json.dumps(fields), "since": now, "how": how}
        for number, fields in members.items()
        if fields or number not in known
    ]
    if rows:
        statement = insert(connection, group_members)
        new = {"fields": statement.excluded.fields}
        connection.execute(
            statement.on_conflict_do_update(index_elements=["name", "number"], set_=new), rows
        )
    return [number for number in members if number not in known]


def leave(connection: Connection, group: str, numbers: Sequence[str]) -> list[str]:
    """Take numbers from a group; returns those that were in it."""
    known = _known(connection, group, numbers)
    for some in parts(sorted(known)):
        mine = (group_members.c.name == group) & group_members.c.number.in_(some)
        connection.execute(delete(group_members).where(mine))
    return [number for number in numbers if number in known]


class StopList:
    """The numbers that want no texts, of one ledger. Moments are seconds since 1970."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    async def add(self, numbers: Sequence[str], how: str, now: float) -> list[str]:
        """Put numbers (E.164) on it; returns those that were not on it."""
        return await self._ledger.write(lambda it: stop(it, numbers, how, now))

    async def remove(self, number: str, because: str, now: float) -> bool:
        """Take a number from it, for a reason that is kept; False if it was not on it."""
        return await self._ledger.write(lambda it: unstop(it, number, because, now))

    async def all(self) -> list[Stopped]:
        """All of it, the newest first."""
        statement = select(stop_list).order_by(stop_list.c.since.desc(), stop_list.c.number)
        return await self._ledger.read(
            lambda it: [Stopped(row.number, row.since, row.how) for row in it.execute(statement)]
        )

    async def history(self, number: str) -> list[StopChange]:
        """When a number went on it and came from it, the oldest first."""
        statement = (
            select(stop_changes).where(stop_changes.c.number == number).order_by(stop_changes.c.id)
        )
        return await self._ledger.read(
            lambda it: [
                StopChange(row.number, row.at, row.stopped, row.how)
                for row in it.execute(statement)
            ]
        )


class NumberGroups:
    """The groups of one ledger. A group is there as long as it has members."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    async def sizes(self) -> dict[str, int]:
        """How many members each group has, by name."""
        column = group_members.c.name
        statement = select(column, func.count()).group_by(column).order_by(column)
        return await self._ledger.read(lambda it: {row[0]: row[1] for row in it.execute(statement)})

    async def members(self, group: str) -> list[Member]:
        """The members of a group, in the order of their numbers; none where there is no group."""
        statement = (
            select(group_members)
            .where(group_members.c.name == group)
            .order_by(group_members.c.number)
        )
        return await self._ledger.read(
            lambda it: [
                Member(row.number, json.loads(row.fields), row.since, row.how)
                for row in it.execute(statement)
            ]
        )

    async def add(
        self, group: str, members: Mapping[str, Mapping[str, str]], how: str, now: float
    ) -> list[str]:
        """Have numbers (E.164) in a group, with their fields; returns those that are new in it."""
        return await self._ledger.write(lambda it: join(it, group, members, how, now))

    async def remove(self, group: str, numbers: Sequence[str] | None) -> list[str]:
        """Take numbers from a group, or all of them (None); returns those that were in it."""

        def work(connection: Connection) -> list[str]:
            mine = select(group_members.c.number).where(group_members.c.name == group)
            wanted = list(connection.scalars(mine)) if numbers is None else numbers
            return leave(connection, group, wanted)

        return await self._ledger.write(work)


def _known(connection: Connection, group: str, numbers: Sequence[str]) -> set[str]:
    return among(connection, group_members.c.number, numbers, group_members.c.name == group)


def _keep_change(
    connection: Connection, numbers: Sequence[str], now: float, *, stopped: bool, how: str
) -> None:
    rows = [{"number": it, "at": now, "stopped": stopped, "how": how} for it in numbers]
    if rows:
        connection.execute(stop_changes.insert(), rows)
