"""Where a text stands, as its pieces stand."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, bindparam, select, update

from ledger.entries import NewEntry
from ledger.rows import insert_entry, parts
from ledger.schema import text_pieces, texts
from ledger.text_rows import texts_of
from ledger.texts import PieceState, Text, TextState

Tell = Callable[[Text, TextState, str, int], Sequence[NewEntry]]
"""What to mail of a text that is failed or unknown now: the words, and the piece, from 0."""

_REPORTED = (TextState.SENT, TextState.DELIVERED, TextState.UNKNOWN)


@dataclass(frozen=True, slots=True)
class Begun:
    """A piece that was begun with. at: its place, from 0."""

    at: int
    state: str
    words: str | None


@dataclass(slots=True)
class Standing:
    """A text, and its pieces in order. pieces: how many it has in all."""

    text: int
    state: str
    pieces: int
    begun: list[Begun] = field(default_factory=list)


_PIECES = (
    select(
        *(text_pieces.c.text, text_pieces.c.at, text_pieces.c.state, text_pieces.c.words),
        *(texts.c.state.label("text_state"), texts.c.pieces),
    )
    .join_from(text_pieces, texts, texts.c.id == text_pieces.c.text)
    .where(text_pieces.c.text.in_(bindparam("ids", expanding=True)))
    .order_by(text_pieces.c.text, text_pieces.c.at)
)
_AS_IT_STANDS = (
    update(texts)
    .where(texts.c.id == bindparam("of_text"))
    .values(state=bindparam("now_it_is"), words=bindparam("said"), settled=bindparam("when"))
)


def nobody(_: Text, __: TextState, ___: str, ____: int) -> Sequence[NewEntry]:
    """Tells nobody."""
    return ()


def derive(
    connection: Connection, text_ids: Sequence[int], now: float, tell: Tell
) -> dict[int, TextState]:
    """Have texts stand where their pieces stand, and return where. One that failed is told of."""
    found: dict[int, Standing] = {}
    for some in parts(text_ids):
        for row in connection.execute(_PIECES, {"ids": some}):
            standing = found.setdefault(row.text, Standing(row.text, row.text_state, row.pieces))
            standing.begun.append(Begun(row.at, row.state, row.words))
    return settle(connection, found.values(), now, tell)


def settle(
    connection: Connection, standings: Iterable[Standing], now: float, tell: Tell
) -> dict[int, TextState]:
    """What `derive` does, of texts whose pieces are known. Each text once."""
    stand: dict[int, TextState] = {}
    changes: list[dict[str, Any]] = []
    failed: dict[int, Begun] = {}
    for it in standings:
        state = stand[it.text] = _stands(it)
        if state == it.state:
            continue
        piece = _telling(state, it.begun)
        words = None if piece is None else piece.words
        settled = None if state is TextState.WAITING else now
        changes.append({"of_text": it.text, "now_it_is": state, "said": words, "when": settled})
        if state is TextState.FAILED and piece is not None:
            failed[it.text] = piece
    for text in texts_of(connection, list(failed)):
        piece = failed[text.id]
        for entry in tell(text, TextState.FAILED, piece.words or "", piece.at):
            insert_entry(connection, entry, now)
    if changes:
        connection.execute(_AS_IT_STANDS, changes)
    return stand


def _stands(text: Standing) -> TextState:
    stood = TextState(text.state)
    states = {piece.state for piece in text.begun}
    if PieceState.SENDING in states:
        return stood
    if stood is TextState.FAILED:
        # The network may take back what it said, and nothing else does.
        went = states <= {PieceState.SENT, PieceState.DELIVERED} and len(text.begun) >= text.pieces
    else:
        went = stood in _REPORTED
    if not went:
        return stood
    if PieceState.FAILED in states:
        return TextState.FAILED
    if PieceState.UNKNOWN in states:
        return TextState.UNKNOWN
    if len(text.begun) < text.pieces:
        return TextState.WAITING
    return TextState.DELIVERED if states == {PieceState.DELIVERED} else TextState.SENT


def _telling(state: TextState, begun: Sequence[Begun]) -> Begun | None:
    """The piece whose words say why a text stands there: the first bad one, else the last one."""
    wanted = {TextState.FAILED: PieceState.FAILED, TextState.UNKNOWN: PieceState.UNKNOWN}
    if state in wanted:
        return next((it for it in begun if it.state == wanted[state]), None)
    return begun[-1] if begun else None
