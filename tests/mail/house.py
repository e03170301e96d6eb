"""A site with its ledger and both spools, for tests that need no server."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ledger.forgetting import Forgetting
from ledger.outbox import Outbox
from ledger.store import Ledger
from mail.handover import Handover
from mail.missed_calls import MissedCalls
from mail.retention import Retention
from mail.spool import Spool
from pbx.model import Site

NOW = 1_795_300_000.0


@dataclass
class House:
    """A site, its spools and its ledger in one folder."""

    folder: Path
    ledger: Ledger
    now: float = NOW
    woken: int = 0
    people: list[dict[str, Any]] = field(
        default_factory=lambda: [
            {"extension": "1001", "name": "Sari", "email": "sari@klinik.example"},
            {"extension": "1002", "name": "Budi"},
        ]
    )

    def __post_init__(self) -> None:
        self.outbox = Outbox(self.ledger)

    def site(self) -> Site:
        return Site.model_validate(
            {
                "site": {"name": "Klinik", "domain": "klinik.example"},
                "asterisk": {"spool_dir": str(self.folder / "asterisk")},
                "mail": {"smtp": {"host": "localhost"}, "from": "Voicemail <v@klinik.example>"},
                "voicemail": {"after_delivery": "heard"},
                "people": self.people,
            }
        )

    def wake(self) -> None:
        self.woken += 1

    def spool(self) -> Spool:
        spool = Spool(self.folder / "spool")
        spool.prepare()
        return spool

    def handover(self) -> Handover:
        return Handover(
            site=self.site,
            outbox=self.outbox,
            spool=self.spool(),
            now=lambda: self.now,
            wake=self.wake,
        )

    def missed_calls(self) -> MissedCalls:
        return MissedCalls(site=self.site, outbox=self.outbox, now=lambda: self.now, wake=self.wake)

    def retention(self) -> Retention:
        return Retention(
            site=self.site,
            outbox=self.outbox,
            forgetting=Forgetting(self.ledger),
            spool=self.spool(),
            now=lambda: self.now,
        )

    def leave(
        self, number: int, *, at: float = NOW, box: str = "1001", folder: str = "INBOX"
    ) -> Path:
        """Leave a message as Asterisk does: audio first, then the text by rename."""
        inbox = self.folder / "asterisk" / "voicemail" / "default" / box / folder
        inbox.mkdir(parents=True, exist_ok=True)
        text = inbox / f"msg{number:04}.txt"
        text.with_suffix(".wav").write_bytes(b"RIFF%d" % number)
        temporary = inbox / "tmptxt"
        temporary.write_text(
            f'[message]\ncallerid="CallerId" <0812{number}>\norigtime={int(at)}\n'
            f"msg_id={int(at)}-{number:08}\nduration=7\n"
        )
        temporary.rename(text)
        return text

    def secured(self) -> list[bytes]:
        return sorted(file.read_bytes() for file in (self.folder / "spool").iterdir())
