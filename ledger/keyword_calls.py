"""Programs that are still to be told of texts: one row for each, until it is told or given up."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, delete, or_, select, update

from ledger.entries import NewEntry
from ledger.rows import insert_entry
from ledger.schema import keyword_calls, texts
from ledger.store import Ledger
from ledger.text_rows import insert_texts, read_text
from ledger.texts import NewText, Text
from ledger.texts_so_far import TextsSoFar

_LONGEST_DELAY = 86400.0 * 2  # seconds; no call is put off for longer by us


@dataclass(frozen=True, slots=True)
class KeywordCall:
    """A call to be made now.

    Arguments:
        text: the one that came in.
        keyword: the word of the site file that it began with.
        may_answer: what the program answers may go back to the customer.
        attempts: this one included.
        created: when it came to be owed.
    """

    text: Text
    keyword: str
    may_answer: bool
    attempts: int
    created: float


class KeywordCalls:
    """The calls that one ledger owes. Moments are seconds since 1970, given by the caller."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    async def claim(self, limit: int, now: float, lease: float) -> list[KeywordCall]:
        """Take up to `limit` calls that are due. Not settled within `lease`, they are due again."""

        def work(connection: Connection) -> list[KeywordCall]:
            table = keyword_calls.c
            rows = connection.execute(
                select(keyword_calls)
                # One that is due in years was put off by a clock that went wrong.
                .where(or_(table.due <= now, table.due > now + _LONGEST_DELAY))
                .order_by(table.due)
                .limit(limit)
                .with_for_update(skip_locked=True)
            ).all()
            claimed = []
            for row in rows:
                values = {"due": now + lease, "attempts": row.attempts + 1}
                connection.execute(update(keyword_calls).where(_of(row.text)).values(**values))
                text = connection.execute(select(texts).where(texts.c.id == row.text)).one()
                claimed.append(
                    KeywordCall(
                        text=read_text(text),
                        keyword=row.keyword,
                        may_answer=row.may_answer,
                        attempts=row.attempts + 1,
                        created=row.created,
                    )
                )
            return claimed

        return await self._ledger.write(work)

    async def told(
        self, call: KeywordCall, now: float, answer: Callable[[TextsSoFar], NewText | None]
    ) -> bool:
        """The program knows of the text; `answer` makes what is sent back. Whether there is any.

        `answer` must do nothing but look and decide: see Ledger.write.
        """

        def work(connection: Connection) -> bool:
            owed = connection.execute(delete(keyword_calls).where(_of(call.text.id))).rowcount
            text = answer(TextsSoFar(connection)) if owed else None
            return text is not None and bool(insert_texts(connection, [text], now))

        return await self._ledger.write(work)

    async def put_off(self, call: KeywordCall, due: float) -> None:
        """Make a call later."""
        await self._ledger.write(
            lambda it: (
                it.execute(update(keyword_calls).where(_of(call.text.id)).values(due=due)).rowcount
            )
        )

    async def give_up(self, call: KeywordCall, now: float, mails: Sequence[NewEntry]) -> None:
        """Make a call no more."""

        def work(connection: Connection) -> None:
            connection.execute(delete(keyword_calls).where(_of(call.text.id)))
            for entry in mails:
                insert_entry(connection, entry, now)

        await self._ledger.write(work)


def _of(text_id: int) -> ColumnElement[bool]:
    return keyword_calls.c.text == text_id
