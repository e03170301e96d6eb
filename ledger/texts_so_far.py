"""What the ledger knows of a number while a text of it is taken in."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import Connection, select

from ledger.arrivals import Gathered, Taken
from ledger.schema import texts
from ledger.text_rows import count_since, read_text, stopped_among, usage_since
from ledger.texts import Origin, Text, Usage

_BY_A_PERSON = (Origin.MAIL, Origin.DIALPLAN, Origin.COMMAND)


class TextsSoFar:
    """What the ledger knows of a number, within the transaction that takes a text in."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def latest(self, number: str, limit: int) -> list[Text]:
        """The latest texts from and to a number, the newest first."""
        rows = self._connection.execute(
            select(texts).where(texts.c.number == number).order_by(texts.c.id.desc()).limit(limit)
        )
        return [read_text(row) for row in rows]

    def usage(self, since: float) -> Usage:
        """The parts that count against the site's caps."""
        return usage_since(self._connection, since, "", "")

    def is_stopped(self, number: str) -> bool:
        """Whether a number is on the stop list."""
        return bool(stopped_among(self._connection, [number]))

    def count(self, number: str, origin: Origin, since: float) -> int:
        """How many texts of an origin a number had since a moment."""
        return count_since(self._connection, number, origin, since)

    def last_writer(self, number: str) -> str | None:
        """Extension of the person who wrote to a number last; empty for the desk."""
        found: str | None = self._connection.scalar(
            select(texts.c.extension)
            .where(
                texts.c.number == number,
                texts.c.origin.in_(_BY_A_PERSON),
                # The desk writes by e-mail; what programs send in nobody's name has no writer.
                (texts.c.origin == Origin.MAIL) | (texts.c.extension != ""),
            )
            .order_by(texts.c.id.desc())
            .limit(1)
        )
        return found


Decide = Callable[[Gathered, TextsSoFar], Taken]
"""Says what becomes of a text. It must do nothing but look and decide: see Ledger.write."""
