"""A step of a text on its way out: what became of a piece, and what that makes of the text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Connection, bindparam, update

from ledger.entries import NewEntry
from ledger.rows import insert_entry
from ledger.schema import texts
from ledger.text_pieces import (
    SentPiece,
    forget,
    not_merely_sent,
    record_not_sent,
    record_sent,
)
from ledger.text_rows import storable
from ledger.text_standing import Tell, derive
from ledger.texts import UNSETTLED, Claim, PieceState, TextState


@dataclass(frozen=True, slots=True)
class Carriage:
    """How a gateway carries a text. price: of all parts."""

    gateway: str
    own_number: str | None
    parts: int
    pieces: int
    price: float


@dataclass(frozen=True, slots=True)
class Step:
    """What became of one piece, and with it of its text.

    Arguments:
        piece: SENT, FAILED or UNKNOWN; None: it was certainly not sent, as if never begun.
        end: where the text stands now; None: it goes on with its next piece.
        reference: with piece = SENT: what the gateway's report will name, where that is not our
            own key.
        due: with end = WAITING: when it is tried again.
        other: with end = WAITING: another gateway that is to carry it.
    """

    claim: Claim
    piece: PieceState | None
    end: TextState | None
    words: str | None = None
    reference: str | None = None
    due: float = 0.0
    other: Carriage | None = None
    mails: tuple[NewEntry, ...] = ()


_AS_SENT = (
    update(texts)
    .where(texts.c.id == bindparam("of_text"), texts.c.state == TextState.SENDING)
    .values(
        state=TextState.SENT, words=bindparam("said"), settled=bindparam("when"), claimed_by=None
    )
)


def take_steps(connection: Connection, steps: Sequence[Step], now: float, tell: Tell) -> None:
    """Record steps of one gateway. What was sent, most of them, many at once."""
    sent = [step for step in steps if step.piece is PieceState.SENT]
    plain = bool(sent) and record_sent(
        connection, [SentPiece(it.claim, it.words, it.reference) for it in sent], now
    )
    whole = [
        {
            "of_text": step.claim.text.id,
            "said": None if step.words is None else storable(step.words),
            "when": now,
        }
        for step in sent
        if step.end is TextState.SENT
    ]
    if whole:
        connection.execute(_AS_SENT, whole)
    for step in steps:
        if step.piece is not PieceState.SENT:
            _take_not_sent(connection, step, now)
    # A report may have come before the gateway's own answer, and said something else.
    ended = [
        it.claim.text.id
        for it in steps
        if it.end is not None and not (plain and it.end is TextState.SENT and it.claim.at == 0)
    ]
    stand = derive(connection, not_merely_sent(connection, ended), now, tell)
    for step in steps:
        if step.end is stand.get(step.claim.text.id, step.end):
            for entry in step.mails:
                insert_entry(connection, entry, now)


def _take_not_sent(connection: Connection, step: Step, now: float) -> None:
    """Record a step; its mails are for the caller, who knows where the text stands in the end."""
    if step.piece is None:
        forget(connection, step.claim)
    else:
        record_not_sent(connection, step.claim, step.piece, step.words, now)
    if step.end is not None:
        _record_text(connection, step, step.end, now)


def _record_text(connection: Connection, step: Step, end: TextState, now: float) -> None:
    values: dict[str, Any] = {
        "state": end,
        "words": None if step.words is None else storable(step.words),
        "claimed_by": None,
        "settled": None if end in UNSETTLED else now,
    }
    if end is TextState.WAITING:
        values |= {"due": step.due, "attempts": texts.c.attempts + 1}
    if step.other is not None:
        values |= asdict(step.other)
    connection.execute(
        update(texts)
        .where(texts.c.id == step.claim.text.id, texts.c.state == TextState.SENDING)
        .values(**values)
    )
