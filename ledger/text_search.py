"""Texts that a program may see, found by what its question names."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Select, select

from ledger.schema import by_a_program, texts
from ledger.store import Ledger
from ledger.text_rows import count_since, read_text
from ledger.texts import Origin, Text


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which texts, of those that came in or those that go out. What is None does not matter.

    Arguments:
        account: the program's that asked for it; of one that came in, what its keyword's answers
            count for: empty for none.
        any_account: only those that have one, whosever.
        after: texts with a higher id.
        since, before: moments, seconds since 1970; the second is not among them.
    """

    origin: Origin
    account: str | None = None
    any_account: bool = False
    id: int | None = None
    after: int | None = None
    number: str | None = None
    own_number: str | None = None
    since: float | None = None
    before: float | None = None


class TextSearch:
    """Looks for texts in one ledger."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    async def find(self, wanted: Wanted, limit: int) -> list[Text]:
        """The newest of them, the newest first."""
        statement = _statement(wanted).order_by(texts.c.id.desc()).limit(limit)
        return await self._ledger.read(lambda it: [read_text(row) for row in it.execute(statement)])

    async def count(self, number: str, origin: Origin, since: float) -> int:
        """How many texts of an origin a number had since a moment."""
        return await self._ledger.read(lambda it: count_since(it, number, origin, since))


def _statement(wanted: Wanted) -> Select[tuple[object, ...]]:
    table = texts.c
    statement = select(texts).where(table.origin == wanted.origin)
    if wanted.any_account or wanted.account:
        statement = statement.where(by_a_program)
    equal = {
        "account": wanted.account,
        "id": wanted.id,
        "number": wanted.number,
        "own_number": wanted.own_number,
    }
    for name, value in equal.items():
        if value is not None:
            statement = statement.where(table[name] == value)
    if wanted.after is not None:
        statement = statement.where(table.id > wanted.after)
    if wanted.since is not None:
        statement = statement.where(table.created >= wanted.since)
    if wanted.before is not None:
        statement = statement.where(table.created < wanted.before)
    return statement
