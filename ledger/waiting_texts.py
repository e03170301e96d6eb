"""Texts that wait for a gateway, and go to another one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from sqlalchemy import Connection, case, exists, func, select, update

from ledger.rows import insert_entry
from ledger.schema import text_pieces, texts
from ledger.store import Ledger
from ledger.text_rows import move, read_text
from ledger.text_standing import Tell
from ledger.text_steps import Carriage
from ledger.texts import Text, TextState

_AT_ONCE = 500


class WaitingTexts:
    """The texts of one ledger that wait. Moments are seconds since 1970, given by the caller."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    async def by_gateway(self) -> dict[str, int]:
        """How many texts wait, by gateway; one that the site file has no more may be among them."""

        def work(connection: Connection) -> dict[str, int]:
            rows = connection.execute(
                select(texts.c.gateway, func.count())
                .where(texts.c.state == TextState.WAITING)
                .group_by(texts.c.gateway)
            )
            return {row[0]: row[1] for row in rows}

        return await self._ledger.read(work)

    async def at(self, gateway: str, limit: int) -> list[Text]:
        """Texts that wait for a gateway and of which nothing was sent yet."""

        def work(connection: Connection) -> list[Text]:
            begun = exists().where(text_pieces.c.text == texts.c.id)
            rows = connection.execute(
                select(texts)
                .where(
                    texts.c.gateway == gateway,
                    texts.c.state == TextState.WAITING,
                    ~begun,
                )
                .order_by(texts.c.rank, texts.c.id)
                .limit(limit)
            )
            return [read_text(row) for row in rows]

        return await self._ledger.read(work)

    async def reassign(self, moves: Sequence[tuple[int, Carriage]], now: float) -> None:
        """Have other gateways carry texts that still wait, as they split and price them.

        One that was tried is due at once; one that is asked for a later moment stays so.
        """
        due = case((texts.c.attempts > 0, now), else_=texts.c.due)

        def work(connection: Connection) -> None:
            for text_id, carriage in moves:
                connection.execute(
                    update(texts)
                    .where(texts.c.id == text_id, texts.c.state == TextState.WAITING)
                    .values(due=due, **asdict(carriage))
                )

        if moves:
            await self._ledger.write(work)

    async def give_up(self, gateway: str, words: str, now: float, tell: Tell) -> None:
        """Set aside as failed what waits for a gateway that there is no more; who asked is told."""

        def work(connection: Connection) -> None:
            rows = connection.execute(
                select(texts)
                .where(texts.c.gateway == gateway, texts.c.state == TextState.WAITING)
                .limit(_AT_ONCE)
            ).all()
            ids = [row.id for row in rows]
            move(connection, ids, state=TextState.FAILED, words=words, settled=now)
            for row in rows:
                for entry in tell(read_text(row), TextState.FAILED, words, 0):
                    insert_entry(connection, entry, now)

        await self._ledger.write(work)
