"""The pieces of texts: begun with, recorded, reported on, and what they make of their text."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, bindparam, delete, func, or_, select, update

from ledger.entries import NewEntry
from ledger.rows import insert_entry, parts, repeated
from ledger.schema import text_pieces, text_reports, texts
from ledger.text_rows import move, pieces_of, storable, texts_of
from ledger.texts import Claim, PieceRecord, PieceState, Text, TextState

Tell = Callable[[Text, TextState, str, int], Sequence[NewEntry]]
"""What to mail of a text that is failed or unknown now: the words, and the piece, from 0."""


@dataclass(frozen=True, slots=True)
class NewReport:
    """What the network says of a piece. state None: it is on its way."""

    state: PieceState | None
    words: str


Named = tuple[str, str, str | None]
"""What a report names: gateway, reference, and the number where references come again."""

_REPORTED = (TextState.SENT, TextState.DELIVERED, TextState.UNKNOWN)
_EARLY = 3600.0  # seconds that a report may come before the gateway's own answer is recorded


def nobody(_: Text, __: TextState, ___: str, ____: int) -> Sequence[NewEntry]:
    """Tells nobody."""
    return ()


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


_AS_SENT = (
    update(text_pieces)
    .where(
        text_pieces.c.text == bindparam("of_text"),
        text_pieces.c.at == bindparam("of_at"),
        # A report may have come before the gateway's own answer: what it said stays so.
        text_pieces.c.state == PieceState.SENDING,
    )
    .values(
        state=PieceState.SENT,
        words=bindparam("said"),
        moved=bindparam("when"),
        reference=func.coalesce(bindparam("named"), text_pieces.c.reference),
    )
)
_AS_REPORTED = (
    update(text_pieces)
    .where(text_pieces.c.text == bindparam("of_text"), text_pieces.c.at == bindparam("of_at"))
    .values(state=bindparam("now_it_is"), words=bindparam("said"), moved=bindparam("when"))
)
_AS_IT_STANDS = (
    update(texts)
    .where(texts.c.id == bindparam("of_text"))
    .values(state=bindparam("now_it_is"), words=bindparam("said"), settled=bindparam("when"))
)


@dataclass(frozen=True, slots=True)
class SentPiece:
    """A piece that its gateway took. reference: where that is not our own key."""

    claim: Claim
    words: str | None
    reference: str | None


def record_sent(connection: Connection, sent: Sequence[SentPiece], now: float) -> None:
    """Record pieces of one gateway that were being sent, many at once."""
    rows = [
        {
            "of_text": it.claim.text.id,
            "of_at": it.claim.at,
            "said": _stored(it.words),
            "when": now,
            "named": it.reference,
        }
        for it in sent
    ]
    connection.execute(_AS_SENT, rows)
    named = {it.reference: it for it in sent if it.reference is not None}
    if not named:
        return
    gateway = sent[0].claim.text.gateway
    early = select(text_reports.c.reference).where(
        text_reports.c.gateway == gateway,
        text_reports.c.reference.in_(repeated(list(named))),
        text_reports.c.came >= now - _EARLY,
    )
    for reference in set(connection.scalars(early)):
        _apply_early(connection, named[reference].claim, reference, now)


def not_merely_sent(connection: Connection, text_ids: Sequence[int]) -> list[int]:
    """Those of these texts of which more is known than that their pieces were sent."""
    found: set[int] = set()
    for some in parts(text_ids):
        found.update(
            connection.scalars(
                select(text_pieces.c.text).where(
                    text_pieces.c.text.in_(some), text_pieces.c.state != PieceState.SENT
                )
            )
        )
    return sorted(found)


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
        _apply_early(connection, claim, reference, now)


def _apply_early(connection: Connection, claim: Claim, reference: str, now: float) -> None:
    """Apply the reports that came before it was recorded what they report of."""
    place = (text_pieces.c.text == claim.text.id) & (text_pieces.c.at == claim.at)
    named = (claim.text.gateway, reference, claim.text.number)
    for early in _early_reports(connection, named, now):
        row = connection.execute(select(text_pieces).where(place)).first()
        if row is not None:
            _apply(connection, row, PieceState(early.state), early.words, now)


def report_own(
    connection: Connection, gateway: str, reports: Mapping[str, NewReport], now: float
) -> dict[str, int]:
    """Record reports that name pieces as we did, many at once; returns the texts, by reference.

    What is not known yet is left out.
    """
    rows: dict[str, Any] = {}
    for some in parts(list(reports)):
        statement = (
            select(text_pieces)
            .where(text_pieces.c.gateway == gateway, text_pieces.c.reference.in_(some))
            .order_by(text_pieces.c.begun, text_pieces.c.text)
        )
        rows |= {row.reference: row for row in connection.execute(statement)}
    changes = []
    for reference, row in rows.items():
        state = _reported(row, reports[reference].state)
        if state is not None:
            words = _stored(reports[reference].words or row.words)
            changes.append(
                {
                    "of_text": row.text,
                    "of_at": row.at,
                    "now_it_is": state,
                    "said": words,
                    "when": now,
                }
            )
    if changes:
        connection.execute(_AS_REPORTED, changes)
    return {reference: int(row.text) for reference, row in rows.items()}


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
    mine = (
        (text_reports.c.gateway == gateway)
        # Older ones are of texts that were none of ours; their references may come again.
        & (text_reports.c.came >= now - _EARLY)
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
    state = _reported(row, state)
    if state is not None:
        connection.execute(
            update(text_pieces)
            .where(text_pieces.c.text == row.text, text_pieces.c.at == row.at)
            .values(state=state, words=_stored(words or row.words), moved=now)
        )


def _reported(row: Any, state: PieceState | None) -> PieceState | None:
    """Where a piece stands after a report; None where nothing changes."""
    if row.state == PieceState.DELIVERED:
        return None
    if state is None:
        return PieceState.SENT if row.state == PieceState.UNKNOWN else None
    return state


def forget_old_reports(connection: Connection, now: float) -> None:
    """Forget reports that nothing was known of: other programs' texts; their names come again."""
    connection.execute(delete(text_reports).where(text_reports.c.came < now - _EARLY))


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
    stand: dict[int, TextState] = {}
    changes: list[dict[str, Any]] = []
    for text in texts_of(connection, list(begun_with)):
        begun = begun_with[text.id]
        state = stand[text.id] = _stands(text, begun)
        if state is text.state:
            continue
        piece = _telling(state, begun)
        words = None if piece is None else piece.words
        settled = None if state is TextState.WAITING else now
        changes.append({"of_text": text.id, "now_it_is": state, "said": words, "when": settled})
        if state is TextState.FAILED and piece is not None:
            for entry in tell(text, state, words or "", piece.at):
                insert_entry(connection, entry, now)
    if changes:
        connection.execute(_AS_IT_STANDS, changes)
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
