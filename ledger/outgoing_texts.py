"""Texts that go out: asked for, claimed, handed to a gateway piece by piece, reported on.

A piece is recorded as being sent before its gateway is given it. What is found so after a crash
may have gone out or not: it is set aside as unknown, and nobody sends it again but a person.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, exists, false, func, or_, select, true

from ledger.claiming import claim_due
from ledger.rows import insert_entry
from ledger.schema import text_pieces, texts
from ledger.store import Ledger
from ledger.text_pieces import (
    NewReport,
    begin,
    forget,
    forget_old_reports,
    report,
    report_own,
    set_unknown,
)
from ledger.text_rows import (
    insert_texts,
    move,
    pieces_of,
    read_text,
    stopped_among,
    usage_since,
)
from ledger.text_standing import Tell, derive
from ledger.text_steps import Step, take_steps
from ledger.texts import Claim, NewText, Origin, PieceState, Text, TextState, Usage

_LONGEST_SENDING = 6 * 3600.0  # seconds between two pieces of a text, at the slowest pace
_ENDED = "voxpost ended while it was being sent"


@dataclass(frozen=True, slots=True)
class Asked:
    """What became of asking for a text. refusal: why not; None where it stands in the ledger."""

    text: Text | None
    refusal: str | None = None
    known: bool = False
    """Whether the same source had asked before: it is not sent again."""


class OutgoingTexts:
    """The texts that go out of one ledger. Moments are seconds since 1970, given by the caller."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    async def ask(
        self, text: NewText, now: float, since: float, refuse: Callable[[Usage], str | None]
    ) -> Asked:
        """Record a text, unless its source is known or `refuse` has a reason against it.

        since: the beginning of the day that the caps count by.
        """

        def work(connection: Connection) -> Asked:
            row = connection.execute(select(texts).where(texts.c.source == text.source)).first()
            if row is not None:
                return Asked(read_text(row), known=True)
            usage = usage_since(connection, since, text.extension, text.account)
            refusal = refuse(usage)
            if refusal is None and stopped_among(connection, [text.number]):
                refusal = "stop-list"
            if refusal is not None:
                return Asked(None, refusal)
            insert_texts(connection, [text], now)
            row = connection.execute(select(texts).where(texts.c.source == text.source)).one()
            return Asked(read_text(row))

        return await self._ledger.write(work)

    async def usage(self, since: float, extension: str, account: str) -> Usage:
        """The parts that count against the caps of a day."""
        return await self._ledger.read(lambda it: usage_since(it, since, extension, account))

    async def stopped(self, numbers: Sequence[str]) -> set[str]:
        """Which of these numbers are on the stop list."""
        return await self._ledger.read(lambda it: stopped_among(it, numbers))

    async def latest_from(self, number: str) -> Text | None:
        """The latest text that came in from a number."""
        statement = (
            select(texts)
            .where(texts.c.number == number, texts.c.origin == Origin.GATEWAY)
            .order_by(texts.c.id.desc())
            .limit(1)
        )

        def work(connection: Connection) -> Text | None:
            row = connection.execute(statement).first()
            return None if row is None else read_text(row)

        return await self._ledger.read(work)

    async def turn(
        self,
        gateway: str,
        *,
        steps: Sequence[Step] = (),
        following: Sequence[Claim] = (),
        room: int = 0,
        now: float,
        owner: str,
        tell: Tell,
    ) -> list[Claim]:
        """Settle steps, begin with following pieces, and claim new texts. All in one commit.

        A number on the stop list gets no text, whoever asked for it; who did is told.

        Returns what is to be sent now: `following`, and up to `room` texts more.
        """

        def work(connection: Connection) -> list[Claim]:
            if steps:
                take_steps(connection, steps, now, tell)
            begin(connection, following, gateway, now)
            claims = (
                claim_due(connection, gateway, room, now=now, owner=owner, tell=tell)
                if room > 0
                else []
            )
            return [*following, *claims]

        return await self._ledger.write(work)

    async def reported(
        self,
        gateway: str,
        reference: str,
        state: PieceState | None,
        words: str,
        now: float,
        *,
        number: str | None,
        tell: Tell,
    ) -> bool:
        """Record what the network says of a piece; False where nothing is known of it yet.

        Arguments:
            state: DELIVERED or FAILED; None: it is on its way, so it has certainly gone out.
            number: who it was for, where the gateway's references come again.
        """

        def work(connection: Connection) -> bool:
            text_id = report(connection, (gateway, reference, number), state, words, now)
            if text_id is not None:
                derive(connection, [text_id], now, tell)
            return text_id is not None

        return await self._ledger.write(work)

    async def reported_many(
        self, gateway: str, reports: Mapping[str, NewReport], now: float, tell: Tell
    ) -> None:
        """Record reports by the references that they name, in one commit."""

        def work(connection: Connection) -> None:
            known = report_own(connection, gateway, reports, now, tell)
            for reference, it in reports.items():
                if reference not in known:
                    report(connection, (gateway, reference, None), it.state, it.words, now)

        await self._ledger.write(work)

    async def forget_old_reports(self, now: float) -> None:
        """Forget reports of texts that are none of ours."""
        await self._ledger.write(lambda it: forget_old_reports(it, now))

    async def recover(
        self,
        owner: str,
        now: float,
        tell: Tell,
        *,
        gateway: str | None = None,
        alone: bool = False,
    ) -> list[Text]:
        """Set aside what this owner was sending when its process ended; returns those texts.

        So is what another began with hours ago: that machine has another name now.

        Arguments:
            gateway: only what this one was given.
            alone: nobody else works on this ledger, so all of it is ours, whatever our name was.
        """
        mine = true() if gateway is None else texts.c.gateway == gateway
        alive = exists().where(
            text_pieces.c.text == texts.c.id, text_pieces.c.begun > now - _LONGEST_SENDING
        )

        def work(connection: Connection) -> list[Text]:
            rows = connection.execute(
                select(texts).where(
                    texts.c.state == TextState.SENDING,
                    or_(texts.c.claimed_by == owner, ~alive, true() if alone else false()),
                    mine,
                )
            ).all()
            found = [read_text(row) for row in rows]
            begun = pieces_of(connection, [text.id for text in found])
            unknown, gone = [], []
            for text in found:
                if any(it.state is PieceState.SENDING for it in begun[text.id]):
                    unknown.append(text)
                elif len(begun[text.id]) < text.pieces:
                    move(connection, [text.id], state=TextState.WAITING, claimed_by=None)
                else:
                    gone.append(text.id)
            # Its report came before the gateway's own answer, which nobody recorded.
            move(connection, gone, state=TextState.SENT, settled=now, claimed_by=None)
            derive(connection, gone, now, tell)
            for text in unknown:
                set_unknown(connection, text, _ENDED, now)
                at = next(it.at for it in begun[text.id] if it.state is PieceState.SENDING)
                for entry in tell(text, TextState.UNKNOWN, _ENDED, at):
                    insert_entry(connection, entry, now)
            return unknown

        return await self._ledger.write(work)

    async def release(self, claims: Sequence[Claim]) -> None:
        """Give back what was claimed and certainly not begun with."""

        def work(connection: Connection) -> None:
            for claim in claims:
                forget(connection, claim)
            ids = [claim.text.id for claim in claims]
            move(connection, ids, state=TextState.WAITING, claimed_by=None)

        if claims:
            await self._ledger.write(work)

    async def sent_since(self, since: float) -> dict[str, int]:
        """Pieces that each gateway was given since a moment."""

        def work(connection: Connection) -> dict[str, int]:
            rows = connection.execute(
                select(text_pieces.c.gateway, func.count())
                .where(text_pieces.c.begun >= since)
                .group_by(text_pieces.c.gateway)
            )
            return {row[0]: row[1] for row in rows}

        return await self._ledger.read(work)
