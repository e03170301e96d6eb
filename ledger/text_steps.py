"""A step of a text on its way out: what became of a piece, and what that makes of the text."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Connection, update

from ledger.entries import NewEntry
from ledger.schema import texts
from ledger.text_pieces import forget, record
from ledger.text_rows import storable
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
        reference: what the gateway's report will name, where that is not our own key.
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


def take_step(connection: Connection, step: Step, now: float) -> None:
    """Record a step; its mails are for the caller, who knows where the text stands in the end."""
    if step.piece is None:
        forget(connection, step.claim)
    else:
        record(
            connection,
            step.claim,
            step.piece,
            words=step.words,
            reference=step.reference,
            now=now,
        )
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
