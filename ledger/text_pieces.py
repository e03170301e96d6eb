"""The pieces of texts: begun with, recorded, reported on, and what they make of their text."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import Connection, delete, or_, select, update

from ledger.entries import NewEntry
from ledger.rows import insert_entry
from ledger.schema import text_pieces, text_reports, texts
from ledger.text_rows import move, pieces_of, storable, texts_of
from ledger.texts import Claim, PieceRecord, PieceState, Text, TextState

Tell = Callable[[Text, TextState, str, int], Sequence[NewEntry]]
"""What to mail of a text that is failed or unknown now: the words, and the piece, from 0."""

Named = tuple[str, str, str | None]
"""What a report names: gateway, reference, and the number where references come again."""

_REPORTED = (TextState.SENT, TextState.DELIVERED, TextState.UNKNOWN)
_EARLY = 3600.0  # seconds that a report may come before the gateway's own answer is recorded


def begin(connection: Connection, claims: Sequence[Claim], gateway: str, now: float) -> None:
    rows = [
        {
            "text": claim.text.id,
            "at": claim.at,
            "gateway": gateway,
            "state": PieceState.SENDING,
            # Some gateways are given our own name of a piece, and report by that.
            "reference": f"{claim.text.id}-{claim.at}",
            "begun": now,
            "moved": now,
        }
        for claim in claims
    ]
    if rows:
        connection.execute(text_pieces.insert(), rows)


def forget(connection: Connection, claim: Claim) -> None:
    connection.execute(
        delete(text_pieces).where(
            text_pieces.c.text == claim.text.id,
            text_pieces.c.at == claim.at,
            text_pieces.c.state == PieceState.SENDING,
        )
    )


def record(
    connection: Connection,
    claim: Claim,
    state: PieceState,
    *,
    words: str | None,
    reference: str | None,
    now: float,
) -> None:
    """Record what became of a piece that was being sent."""
    values: dict[str, Any] = {"state": state, "words": _stored(words), "moved": now}
    if reference is not None:
        values["reference"] = reference
    place = (text_pieces.c.text == claim.text.id) & (text_pieces.c.at == claim.at)
    # A report may have come before the gateway's own answer: what it said stays so.
    connection.execute(
        update(text_pieces).where(place, text_pieces.c.state == PieceState.SENDING).values(**values)
    )
    if reference is not None:
        named = (claim.text.gateway, reference, claim.text.number)
        for early in _early_reports(connection, named, now):
            row = connection.execute(select(text_pieces).where(place)).first()
            if row is not None:
                _apply(connection, row, PieceState(early.state), early.words, now)


def report(
    connection: Connection, named: Named, state: PieceState | None, words: str, now: float
) -> int | None:
    """Record what the network says of a piece; returns its text, None where it is not known yet.

    state: DELIVERED or FAILED; None: it is on its way.
    """
    gateway, reference, number = named
    statement = (
        select(text_pieces)
        .where(text_pieces.c.gateway == gateway, text_pieces.c.reference == reference)
        .order_by(text_pieces.c.begun.desc(), text_pieces.c.text.desc())
        .limit(1)
    )
    if number is not None:
        # What is delivered has had its report: this one is of a piece that came after it.
        statement = statement.join(texts, texts.c.id == text_pieces.c.text).where(
            texts.c.number == number, text_pieces.c.state != PieceState.DELIVERED
        )
    row = connection.execute(statement).first()
    if row is not None:
        _apply(connection, row, state, words, now)
        return int(row.text)
    if state is not None:
        connection.execute(
            text_reports.insert().values(
                gateway=gateway,
                reference=reference,
                number=number,
                state=state,
                words=storable(words),
                came=now,
            )
        )
    return None


def _early_reports(connection: Connection, named: Named, now: float) -> Sequence[Any]:
    """Take the reports that came before what they report of was recorded."""
    gateway, reference, number = named
    # Older ones are of texts that were none of ours; their references may come again.
    connection.execute(delete(text_reports).where(text_reports.c.came < now - _EARLY))
    mine = (
        (text_reports.c.gateway == gateway)
        & (text_reports.c.reference == reference)
        & or_(text_reports.c.number.is_(None), text_reports.c.number == number)
    )
    rows = connection.execute(select(text_reports).where(mine).order_by(text_reports.c.id)).all()
    if rows:
        connection.execute(delete(text_reports).where(mine))
    return rows


def _apply(
    connection: Connection, row: Any, state: PieceState | None, words: str, now: float
) -> None:
    if row.state == PieceState.DELIVERED:
        return
    if state is None:
        state = PieceState.SENT if row.state == PieceState.UNKNOWN else None
    if state is not None:
        connection.execute(
            update(text_pieces)
            .where(text_pieces.c.text == row.text, text_pieces.c.at == row.at)
            .values(state=state, words=_stored(words or row.words), moved=now)
        )


def set_unknown(connection: Connection, text: Text, words: str, now: float) -> None:
    """What was being sent of a text may have gone out."""
    connection.execute(
        update(text_pieces)
        .where(text_pieces.c.text == text.id, text_pieces.c.state == PieceState.SENDING)
        .values(state=PieceState.UNKNOWN, words=words, moved=now)
    )
    values = {"state": TextState.UNKNOWN, "claimed_by": None, "words": words, "settled": now}
    move(connection, [text.id], **values)


def derive(
    connection: Connection, text_ids: Sequence[int], now: float, tell: Tell
) -> dict[int, TextState]:
    """Have texts stand where their pieces stand, and return where. One that failed is told of."""
    begun_with = pieces_of(connection, text_ids)
    stand = {}
    for text in texts_of(connection, list(begun_with)):
        begun = begun_with[text.id]
        state = stand[text.id] = _stands(text, begun)
        if state is text.state:
            continue
        piece = _telling(state, begun)
        words = None if piece is None else piece.words
        settled = None if state is TextState.WAITING else now
        move(connection, [text.id], state=state, words=words, settled=settled)
        if state is TextState.FAILED and piece is not None:
            for entry in tell(text, state, words or "", piece.at):
                insert_entry(connection, entry, now)
    return stand


def _stands(text: Text, begun: Sequence[PieceRecord]) -> TextState:
    states = {piece.state for piece in begun}
    if PieceState.SENDING in states:
        return text.state
    if text.state is TextState.FAILED:
        # The network may take back what it said, and nothing else does.
        went = states <= {PieceState.SENT, PieceState.DELIVERED} and len(begun) >= text.pieces
    else:
        went = text.state in _REPORTED
    if not went:
        return text.state
    if PieceState.FAILED in states:
        return TextState.FAILED
    if PieceState.UNKNOWN in states:
        return TextState.UNKNOWN
    if len(begun) < text.pieces:
        return TextState.WAITING
    return TextState.DELIVERED if states == {PieceState.DELIVERED} else TextState.SENT


def _telling(state: TextState, begun: Sequence[PieceRecord]) -> PieceRecord | None:
    """The piece whose words say why a text stands there: the first bad one, else the last one."""
    wanted = {TextState.FAILED: PieceState.FAILED, TextState.UNKNOWN: PieceState.UNKNOWN}
    if state in wanted:
        return next((it for it in begun if it.state is wanted[state]), None)
    return begun[-1] if begun else None


def _stored(words: str | None) -> str | None:
    return None if words is None else storable(words)
