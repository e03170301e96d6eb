"""What people and commands see of texts, and decide by hand."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, delete, func, null, select, update

from ledger.errors import NoSuchEntry
from ledger.schema import text_parts, text_pieces, texts
from ledger.store import Ledger
from ledger.text_rows import SINGLE_RANK, move, pieces_of, read_text
from ledger.text_standing import derive, nobody
from ledger.texts import PieceRecord, PieceState, Text, TextState


@dataclass(frozen=True, slots=True)
class PartRecord:
    """A part of a text that came in, as it came. number: from 1; None for a whole text."""

    gateway: str
    raw: str
    sender: str
    sent_at: float
    came: float
    body: str | None
    trouble: str | None
    number: int | None
    total: int | None


@dataclass(frozen=True, slots=True)
class TextDepth:
    """How things stand, for `voxpost status`, the metrics and the doctor.

    Arguments:
        oldest_waiting: when the oldest text was asked for that is due and not sent; broadcasts,
            which take their time, are not among them.
        parts: parts of long texts that wait for others; oldest_part: when the first of them came.
    """

    by_state: dict[TextState, int]
    oldest_waiting: float | None
    parts: int
    oldest_part: float | None


class TextBook:
    """All texts of one ledger. Moments are seconds since 1970, given by the caller."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    async def newest(self, state: TextState | None, number: str | None, limit: int) -> list[Text]:
        """The newest texts, in and out; of one state, of one number, or all."""
        statement = select(texts).order_by(texts.c.id.desc()).limit(limit)
        if state is not None:
            statement = statement.where(texts.c.state == state)
        if number is not None:
            statement = statement.where(texts.c.number == number)
        return await self._ledger.read(lambda it: [read_text(row) for row in it.execute(statement)])

    async def show(self, text_id: int) -> tuple[Text, list[PieceRecord]]:
        """A text and its pieces.

        Raises:
            NoSuchEntry: none has this number.
        """

        def work(connection: Connection) -> tuple[Text, list[PieceRecord]] | None:
            row = connection.execute(select(texts).where(texts.c.id == text_id)).first()
            return (
                None if row is None else (read_text(row), pieces_of(connection, [row.id])[row.id])
            )

        found = await self._ledger.read(work)
        if found is None:
            raise NoSuchEntry(f"no text {text_id}: see `voxpost sms list`.")
        return found

    async def parts(self, text_id: int) -> list[PartRecord]:
        """The parts of a text that came in, in their order; none of one that goes out."""
        statement = (
            select(text_parts)
            .where(text_parts.c.text == text_id)
            .order_by(text_parts.c.number, text_parts.c.id)
        )
        names = PartRecord.__slots__
        return await self._ledger.read(
            lambda it: [
                PartRecord(**{name: getattr(row, name) for name in names})
                for row in it.execute(statement)
            ]
        )

    async def retry(self, text_id: int, now: float) -> Text:
        """Send what was not sent of a failed, unknown or dropped text after all, a waiting one now.

        An unknown piece is sent again, and all behind it: whoever asks for this has decided that.
        """
        states = (TextState.FAILED, TextState.UNKNOWN, TextState.DROPPED, TextState.WAITING)

        def work(connection: Connection) -> int:
            changed = connection.execute(
                update(texts)
                .where(texts.c.id == text_id, texts.c.state.in_(states))
                .values(
                    state=TextState.WAITING,
                    due=now,
                    rank=SINGLE_RANK,
                    settled=None,
                    claimed_by=None,
                    attempts=0,
                )
            ).rowcount
            if changed:
                first = connection.scalar(
                    select(func.min(text_pieces.c.at)).where(
                        text_pieces.c.text == text_id,
                        text_pieces.c.state.in_((PieceState.FAILED, PieceState.UNKNOWN)),
                    )
                )
                if first is not None:
                    connection.execute(
                        delete(text_pieces).where(
                            text_pieces.c.text == text_id, text_pieces.c.at >= first
                        )
                    )
                _has_gone(connection, text_id, now)
            return changed

        return await self._by_hand(text_id, work, states)

    async def drop(self, text_id: int, now: float) -> Text:
        """Give a text up that is not sent."""
        states = (TextState.HELD, TextState.WAITING, TextState.FAILED, TextState.UNKNOWN)

        def work(connection: Connection) -> int:
            return connection.execute(
                update(texts)
                .where(texts.c.id == text_id, texts.c.state.in_(states))
                .values(state=TextState.DROPPED, settled=now, claimed_by=None)
            ).rowcount

        return await self._by_hand(text_id, work, states)

    async def depth(self, now: float) -> TextDepth:
        def work(connection: Connection) -> TextDepth:
            rows = connection.execute(select(texts.c.state, func.count()).group_by(texts.c.state))
            by_state = {TextState(row[0]): row[1] for row in rows}
            oldest = connection.scalar(
                select(func.min(texts.c.created)).where(
                    texts.c.state == TextState.WAITING,
                    texts.c.due <= now,
                    texts.c.broadcast.is_(None),
                )
            )
            parts, first = connection.execute(
                select(func.count(), func.min(text_parts.c.came)).where(
                    text_parts.c.text.is_(null())
                )
            ).one()
            return TextDepth(by_state, oldest, parts, first)

        return await self._ledger.read(work)

    async def _by_hand(
        self, text_id: int, work: Callable[[Connection], int], states: Sequence[TextState]
    ) -> Text:
        changed = await self._ledger.write(work)
        text, _ = await self.show(text_id)
        if not changed:
            raise NoSuchEntry(f"text {text_id} is {text.state}: only {', '.join(states)} can be.")
        return text


def _has_gone(connection: Connection, text_id: int, now: float) -> None:
    """A text of which nothing is left to send is sent, whatever was made of it by hand."""
    row = connection.execute(select(texts).where(texts.c.id == text_id)).one()
    if len(pieces_of(connection, [text_id])[text_id]) >= row.pieces:
        move(connection, [text_id], state=TextState.SENT, settled=now)
        derive(connection, [text_id], now, nobody)
