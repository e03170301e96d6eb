"""What the tests of texts in the ledger share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from ledger.entries import NewEntry
from ledger.facts import MissedCallFacts
from ledger.outbox import Outbox
from ledger.outgoing_texts import Asked, OutgoingTexts
from ledger.store import Ledger
from ledger.text_book import TextBook
from ledger.text_steps import Carriage, Step
from ledger.texts import Claim, NewText, Origin, PieceState, Text, TextState, Usage

NOW = 1_795_300_000.0
NUMBER = "+628123456789"


def new_text(which: int = 1, **values: object) -> NewText:
    text = NewText(
        source=f"test:{which}",
        origin=Origin.COMMAND,
        number=NUMBER,
        own_number=None,
        gateway="modem",
        extension="1001",
        account="",
        author="sari@klinik.example",
        body="Halo",
        message_id=None,
        due=NOW,
        parts=1,
        pieces=1,
        price=150.0,
    )
    return replace(text, **values)  # type: ignore[arg-type]


@dataclass
class Office:
    """A ledger with its texts, and all that was told."""

    ledger: Ledger
    told: list[tuple[int, TextState, str, int]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.texts = OutgoingTexts(self.ledger)
        self.book = TextBook(self.ledger)

    def tell(self, text: Text, state: TextState, words: str, at: int) -> list[NewEntry]:
        self.told.append((text.id, state, words, at))
        facts = MissedCallFacts(text.number, "", int(NOW), 1)
        source = f"{state}:{text.id}:{len(self.told)}"
        return [NewEntry(source, "1001", "sari@klinik.example", f"<{source}@x>", facts)]

    async def ask(self, which: int = 1, *, refusal: str | None = None, **values: object) -> Asked:
        def refuse(_: Usage) -> str | None:
            return refusal

        return await self.texts.ask(new_text(which, **values), NOW, NOW - 3600, refuse)

    async def claim(self, limit: int = 10, *, now: float = NOW, gateway: str = "modem") -> Claim:
        (claim,) = await self.claims(limit, now=now, gateway=gateway)
        return claim

    async def claims(
        self, limit: int, *, now: float = NOW, gateway: str = "modem", owner: str = "here"
    ) -> list[Claim]:
        """Take up to `limit` texts that are due."""
        return await self.texts.turn(gateway, room=limit, now=now, owner=owner, tell=self.tell)

    async def settle(self, steps: Sequence[Step], now: float = NOW) -> None:
        """Record what became of pieces."""
        gateway = steps[0].claim.text.gateway
        await self.texts.turn(gateway, steps=steps, now=now, owner="here", tell=self.tell)

    async def begin(self, claim: Claim, now: float) -> None:
        """Have the next piece of a claimed text be sent."""
        await self.texts.turn(
            claim.text.gateway, following=[claim], now=now, owner="here", tell=self.tell
        )

    async def step(
        self,
        claim: Claim,
        piece: PieceState | None,
        end: TextState | None,
        *,
        words: str | None = None,
        reference: str | None = None,
        due: float = 0.0,
        other: Carriage | None = None,
        mails: tuple[NewEntry, ...] = (),
        now: float = NOW,
    ) -> None:
        step = Step(claim, piece, end, words, reference, due, other, mails)
        await self.settle([step], now)

    async def sent(self, which: int = 1, reference: str | None = None, **values: object) -> Claim:
        """A text of one piece that its gateway took."""
        await self.ask(which, **values)
        claim = await self.claim(gateway=str(values.get("gateway", "modem")))
        await self.step(claim, PieceState.SENT, TextState.SENT, reference=reference)
        return claim

    async def report(
        self,
        reference: str,
        state: PieceState | None,
        words: str = "",
        *,
        number: str | None = None,
        now: float = NOW,
    ) -> bool:
        return await self.texts.reported(
            "modem", reference, state, words, now, number=number, tell=self.tell
        )

    async def state(self, text_id: int = 1) -> TextState:
        return (await self.book.show(text_id))[0].state

    async def pieces(self, text_id: int = 1) -> list[PieceState]:
        return [it.state for it in (await self.book.show(text_id))[1]]

    async def mails(self) -> int:
        """How many e-mails there are to deliver."""
        return (await Outbox(self.ledger).depth()).waiting
