"""Texts that wait for a gateway, and go to another one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from sqlalchemy import Connection, case, exists, func, select, update

from ledger.rows import insert_entry
from ledger.schema import text_pieces, texts
from ledger.store import Ledger
from ledger.text_rows import move, read_text, texts_of
from ledger.text_standing import Tell
from ledger.text_steps import Carriage
from ledger.texts import Text, TextState


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

    async def at(
        self, gateway: str, limit: int, *, behind: int = 0, begun: bool = False
    ) -> list[Text]:
        """Texts that wait for a gateway, by their number.

        Arguments:
            behind: the number of the last text that was looked at.
            begun: those of which something was sent; else those of which nothing was.
        """

        def work(connection: Connection) -> list[Text]:
            has_pieces = exists().where(text_pieces.c.text == texts.c.id)
            rows = connection.execute(
                select(texts)
                .where(
                    texts.c.gateway == gateway,
                    texts.c.state == TextState.WAITING,
                    texts.c.id > behind,
                    has_pieces if begun else ~has_pieces,
                )
                .order_by(texts.c.id)
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

    async def give_up(self, text_ids: Sequence[int], words: str, now: float, tell: Tell) -> None:
        """Set texts that still wait aside as failed, as nothing carries them; who asked is told."""

        def work(connection: Connection) -> None:
            lost = [it for it in texts_of(connection, text_ids) if it.state is TextState.WAITING]
            ids = [text.id for text in lost]
            move(connection, ids, state=TextState.FAILED, words=words, settled=now)
            for text in lost:
                for entry in tell(text, TextState.FAILED, words, 0):
                    insert_entry(connection, entry, now)

        if text_ids:
            await self._ledger.write(work)
