"""The pieces of texts: begun with, recorded, reported on, and what they make of their text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, bindparam, delete, func, or_, select, update

from ledger.rows import parts, repeated
from ledger.schema import text_pieces, text_reports, texts
from ledger.text_rows import move, storable
from ledger.text_standing import Begun, Standing, Tell, derive, settle
from ledger.texts import Claim, PieceState, Text, TextState


@dataclass(frozen=True, slots=True)
class NewReport:
    """What the network says of a piece. state None: it is on its way."""

    state: PieceState | None
    words: str


Named = tuple[str, str, str | None]
"""What a report names: gateway, reference, and the number where references come again."""

_EARLY = 3600.0  # seconds that a report may come before the gateway's own answer is recorded


def begin(connection: Connection, claims: Sequence[Claim], gateway: str, now: float) -> None:
    rows = [
        {
            "text": claim.text.id,
            "at": claim.at,
            "gateway": gateway,
            "state": PieceState.SENDING,
            # Some gateways are given our own name of a piece, and report by that.
            "reference": _own_reference(claim),
            "begun": now,
            "moved": now,
        }
        for claim in claims
    ]
    if rows:
        connection.execute(text_pieces.insert(), rows)


def forget(connection: Connection, claim: Claim) -> None:
    connection.execute(
        delete(text_pieces).where(_place(claim), text_pieces.c.state == PieceState.SENDING)
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
_NAMED = (
    select(text_pieces, texts.c.state.label("text_state"), texts.c.pieces)
    .join_from(text_pieces, texts, texts.c.id == text_pieces.c.text)
    .where(
        text_pieces.c.gateway == bindparam("of_gateway"),
        text_pieces.c.reference.in_(bindparam("names", expanding=True)),
    )
    .order_by(text_pieces.c.begun, text_pieces.c.text)
)
_NOT_MERELY_SENT = select(text_pieces.c.text).where(
    text_pieces.c.text.in_(bindparam("ids", expanding=True)),
    text_pieces.c.state != PieceState.SENT,
)
_AS_REPORTED = (
    update(text_pieces)
    .where(text_pieces.c.text == bindparam("of_text"), text_pieces.c.at == bindparam("of_at"))
    .values(state=bindparam("now_it_is"), words=bindparam("said"), moved=bindparam("when"))
)


@dataclass(frozen=True, slots=True)
class SentPiece:
    """A piece that its gateway took. reference: where that is not our own key."""

    claim: Claim
    words: str | None
    reference: str | None


def record_sent(connection: Connection, sent: Sequence[SentPiece], now: float) -> bool:
    """Record pieces of one gateway that were being sent, many at once.

    Returns whether that is all that is known of them; False also where the driver cannot tell.
    """
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
    changed = connection.execute(_AS_SENT, rows).rowcount
    named = {
        it.reference: it
        for it in sent
        if it.reference is not None and it.reference != _own_reference(it.claim)
    }
    if not named:
        return changed == len(rows) and connection.dialect.supports_sane_multi_rowcount
    gateway = sent[0].claim.text.gateway
    early = select(text_reports.c.reference).where(
        text_reports.c.gateway == gateway,
        text_reports.c.reference.in_(repeated(list(named))),
        text_reports.c.came >= now - _EARLY,
    )
    for reference in set(connection.scalars(early)):
        _apply_early(connection, named[reference].claim, reference, now)
    return False


def not_merely_sent(connection: Connection, text_ids: Sequence[int]) -> list[int]:
    """Those of these texts of which more is known than that their pieces were sent."""
    found: set[int] = set()
    for some in parts(text_ids):
        found.update(connection.scalars(_NOT_MERELY_SENT, {"ids": some}))
    return sorted(found)


def record_not_sent(
    connection: Connection, claim: Claim, state: PieceState, words: str | None, now: float
) -> None:
    """Record a piece that was being sent, and failed or may have gone out."""
    values: dict[str, Any] = {"state": state, "words": _stored(words), "moved": now}
    if state is PieceState.FAILED:
        values["reference"] = None  # the gateway did not take it, and reports nothing
    # A report may have come before the gateway's own answer: what it said stays so.
    being_sent = _place(claim) & (text_pieces.c.state == PieceState.SENDING)
    connection.execute(update(text_pieces).where(being_sent).values(**values))


def _place(claim: Claim) -> ColumnElement[bool]:
    return (text_pieces.c.text == claim.text.id) & (text_pieces.c.at == claim.at)


def _apply_early(connection: Connection, claim: Claim, reference: str, now: float) -> None:
    """Apply the reports that came before it was recorded what they report of."""
    named = (claim.text.gateway, reference, claim.text.number)
    for early in _early_reports(connection, named, now):
        row = connection.execute(select(text_pieces).where(_place(claim))).first()
        if row is not None:
            _apply(connection, row, PieceState(early.state), early.words, now)


def report_own(
    connection: Connection,
    gateway: str,
    reports: Mapping[str, NewReport],
    now: float,
    tell: Tell,
) -> set[str]:
    """Record reports that name pieces as we did, many at once; returns the names that are known.

    The texts stand as that has them stand.
    """
    rows: dict[str, Any] = {}
    for some in parts(list(reports)):
        asked = {"of_gateway": gateway, "names": some}
        rows |= {row.reference: row for row in connection.execute(_NAMED, asked)}
    changes: list[dict[str, Any]] = []
    short: list[Standing] = []
    others: set[int] = set()
    for reference, row in rows.items():
        state = _reported(row, reports[reference].state)
        if state is None:
            continue
        words = _stored(reports[reference].words or row.words)
        place = {"of_text": row.text, "of_at": row.at}
        changes.append({**place, "now_it_is": state, "said": words, "when": now})
        if row.pieces == 1:  # all is known of it
            begun = [Begun(row.at, state, words)]
            short.append(Standing(row.text, row.text_state, row.pieces, begun))
        else:
            others.add(row.text)
    if changes:
        connection.execute(_AS_REPORTED, changes)
    settle(connection, short, now, tell)
    derive(connection, list(others), now, tell)
    return set(rows)


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


def _stored(words: str | None) -> str | None:
    return None if words is None else storable(words)


def _own_reference(claim: Claim) -> str:
    return f"{claim.text.id}-{claim.at}"
