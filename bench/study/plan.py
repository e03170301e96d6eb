"""How much the study measures."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Plan:
    """Times in seconds.

    Arguments:
        rounds: how often calls and mails are measured.
        rates: calls a second, rising; a way is left alone in a round where calls failed.
            calls_for: how long each.
        small, large: how many mails of each size; a multiple of the bulk mailboxes.
        voicemails: callers who speak. rest: how long nothing is done.
        background: calls beside the measured one, rising; it ends at the first number that
            Asterisk does not carry. rtp_for: how long the measured call lasts.
    """

    rounds: int
    rates: tuple[int, ...]
    calls_for: float
    small: int
    large: int
    voicemails: int
    rest: float
    background: tuple[int, ...]
    rtp_for: float

    @property
    def calls_at_once(self) -> int:
        """The most that Asterisk will have: answered calls last half a second, or longer."""
        return max(*self.background, 2 * max(self.rates))


FULL = Plan(
    rounds=3,
    rates=(50, 200, 300, 400, 500, 600),
    calls_for=2.5,
    small=1500,
    large=160,
    voicemails=8,
    rest=5.0,
    background=(0, 200, 400, 600, 800, 1000, 1200, 1400),
    rtp_for=6.0,
)
QUICK = Plan(
    rounds=1,
    rates=(50, 200),
    calls_for=1.5,
    small=100,
    large=12,
    voicemails=2,
    rest=1.0,
    background=(0, 50),
    rtp_for=2.0,
)
