"""What is remembered of a person from visit to visit. Nothing is lost with it."""

from __future__ import annotations

from dataclasses import dataclass, field

from mail.in_step.mailbox import MailSide
from mail.in_step.merge import Action
from mail.in_step.rest import Rest
from mail.in_step.telephone import TelephoneSide


@dataclass(slots=True)
class Memory:
    """One person's. Moments are seconds of a clock that only goes forward."""

    login_rest: Rest
    """After the person's own log-in was refused."""
    telephone: TelephoneSide | None = None
    mail: MailSide | None = None
    settled: set[str] = field(default_factory=set)
    """Messages on the telephone that are paired, or were."""
    missing: dict[tuple[int, str], float] = field(default_factory=dict)
    """Since when an entry's mail or message is not found."""
    unable: dict[tuple[int, Action], float] = field(default_factory=dict)
    """Until when something is not tried again."""
    waits: int = 0
    """Visits in a row that found a mail still on its way."""
    failures: int = 0
    """Visits in a row that failed."""
    others: int | None = None
    """How many visits had succeeded when the server could not be reached for this person."""
