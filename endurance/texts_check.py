"""Judges what a storm left behind: each text that came in, and each that was to go out."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field

from lab.texts_site import DESK, TextsSite
from ledger.store import open_ledger, sqlite_url
from ledger.text_book import TextBook
from ledger.texts import TextState
from sms.pdu.decode import decode_submit

_EVERYTHING = 1_000_000


@dataclass(frozen=True)
class Plan:
    """How much of it. seed: the same seed chooses the same moments and faults."""

    texts_in: int = 500
    texts_out: int = 200
    kills: int = 50
    unplugs: int = 20
    hangs: int = 10
    garbage: int = 20
    seed: int = 1


@dataclass
class Report:
    """What happened. missing, twice, strange: bodies of texts that came in, as the mail has them.

    sent_twice: bodies that the network took twice. sent: as the ledger has it, and not_taken those
    of them that the network does not have. unlisted: the network has them, and the ledger says
    otherwise.
    """

    plan: Plan
    kills: int = 0
    came_in: int = 0
    arrived: int = 0
    missing: list[str] = field(default_factory=list)
    twice: list[str] = field(default_factory=list)
    strange: list[str] = field(default_factory=list)
    asked: int = 0
    by_state: dict[str, int] = field(default_factory=dict)
    unknown_and_sent: int = 0
    sent_twice: list[str] = field(default_factory=list)
    not_taken: list[str] = field(default_factory=list)
    unlisted: list[str] = field(default_factory=list)
    ended_alone: list[str] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def is_good(self) -> bool:
        faults = (self.missing, self.twice, self.strange, self.sent_twice)
        others = (self.not_taken, self.unlisted, self.ended_alone)
        open_still = self.by_state.get("waiting", 0) + self.by_state.get("sending", 0)
        whole = self.came_in == self.plan.texts_in and self.asked == self.plan.texts_out
        return not any((*faults, *others)) and not open_still and whole

    def as_text(self) -> str:
        return json.dumps({"good": self.is_good, **asdict(self)}, indent=2, ensure_ascii=False)


async def examine(site: TextsSite, bodies_in: Sequence[str], report: Report) -> None:
    """Compare what came in and what was asked for with what the mail and the network have."""
    mails = [it.message for it in await site.mail.mails(DESK)]
    bodies = []
    for mail in mails:
        if mail["X-Voxpost-Kind"] == "text":
            part = mail.get_body(("plain",))
            assert part is not None
            bodies.append(part.get_content())
    report.came_in, report.arrived = len(bodies_in), len(bodies)
    found = Counter(body for body in bodies_in for text in bodies if _says(text, body))
    report.missing = [body for body in bodies_in if not found[body]]
    report.twice = [body for body, count in found.items() if count > 1]
    if len(bodies) != len(found) and not report.twice:
        report.strange = [text[:200] for text in bodies if not _known(text, bodies_in)]
    await _examine_sent(site, report)


async def _examine_sent(site: TextsSite, report: Report) -> None:
    taken: Counter[str] = Counter()
    for submitted in await site.modem.submitted():
        piece = decode_submit(submitted.pdu)
        taken[f"{piece.number} {piece.concat.number if piece.concat else 0}"] += 1
    report.sent_twice = [key for key, count in taken.items() if count > 1]
    numbers = {key.split()[0] for key in taken}
    ledger = await open_ledger(sqlite_url(site.ledger_file))
    try:
        texts = await TextBook(ledger).newest(None, None, _EVERYTHING)
    finally:
        await ledger.close()
    out = [text for text in texts if not text.came_in]
    report.by_state = dict(Counter(str(text.state) for text in out))
    for text in out:
        pieces = sum(key.split()[0] == text.number for key in taken)
        sent = text.state in {TextState.SENT, TextState.DELIVERED}
        if sent and pieces != text.pieces:
            report.not_taken.append(text.body[:40])
        if text.state is TextState.UNKNOWN and pieces:
            report.unknown_and_sent += 1
        if not sent and text.state is not TextState.UNKNOWN and pieces:
            report.unlisted.append(text.body[:40])
    known = {text.number for text in out}
    report.unlisted += [number for number in numbers if number not in known]


def _says(text: str, body: str) -> bool:
    """Whether a mail's text is this body's: it stands at its beginning, and ends with its line."""
    return text.replace("\r\n", "\n").startswith(f"{body}\n")


def _known(text: str, bodies: Sequence[str]) -> bool:
    return any(_says(text, body) for body in bodies)
