"""Claims texts that are due at a gateway."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Row, bindparam, exists, func, or_, select, update

from ledger.rows import insert_entry
from ledger.schema import broadcasts, stop_list, text_pieces, texts
from ledger.text_pieces import begin
from ledger.text_rows import SINGLE_RANK, move, read_text
from ledger.text_standing import Tell
from ledger.texts import Claim, TextState

_LONGEST_DELAY = 86400.0 * 8  # seconds; no text is put off for longer by us
_STOPPED = "its number is on the stop list"

_RUNNING = select(broadcasts.c.id).where(broadcasts.c.state == "running")
_BEGUN = select(func.count()).where(text_pieces.c.text == texts.c.id).scalar_subquery()
_DUE = (
    select(
        texts,
        exists().where(stop_list.c.number == texts.c.number).label("unwanted"),
        _BEGUN.label("begun"),
    )
    .where(
        texts.c.gateway == bindparam("of_gateway"),
        texts.c.state == TextState.WAITING,
        or_(texts.c.due <= bindparam("until"), texts.c.due > bindparam("absurd")),
        or_(texts.c.rank == SINGLE_RANK, texts.c.broadcast.in_(_RUNNING)),
    )
    .order_by(texts.c.rank, texts.c.due)
    .limit(bindparam("most"))
    .with_for_update(of=texts, skip_locked=True)
)
_AS_CLAIMED = (
    update(texts)
    .where(texts.c.id == bindparam("of_text"))
    .values(state=TextState.SENDING, claimed_by=bindparam("owner"))
)


def claim_due(
    connection: Connection, gateway: str, limit: int, *, now: float, owner: str, tell: Tell
) -> list[Claim]:
    """Take up to `limit` texts that are due; their next pieces are being sent.

    A number on the stop list gets none, whoever asked for it; who did is told.
    """
    rows = _take_due(connection, gateway, limit, now, tell)
    if not rows:
        return []
    connection.execute(_AS_CLAIMED, [{"of_text": row.id, "owner": owner} for row in rows])
    claims = [Claim(read_text(row), row.begun) for row in rows]
    begin(connection, claims, gateway, now)
    return claims


def _take_due(
    connection: Connection, gateway: str, limit: int, now: float, tell: Tell
) -> list[Row[Any]]:
    """Texts that are due; those that nobody wants are stopped on the way."""
    asked = {"of_gateway": gateway, "until": now, "absurd": now + _LONGEST_DELAY, "most": limit}
    while rows := connection.execute(_DUE, asked).all():
        if unwanted := [row for row in rows if row.unwanted]:
            ids = [row.id for row in unwanted]
            move(connection, ids, state=TextState.STOPPED, settled=now, words=_STOPPED)
            for row in unwanted:
                for entry in tell(read_text(row), TextState.STOPPED, _STOPPED, 0):
                    insert_entry(connection, entry, now)
        if wanted := [row for row in rows if not row.unwanted]:
            return wanted
    return []
