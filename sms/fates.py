"""What a piece's fate makes of its text: sent, tried again, given to another gateway, set aside."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from ledger.text_standing import Tell
from ledger.text_steps import Carriage, Step
from ledger.texts import Claim, PieceState, Text, TextState
from mail.retry import RetryPolicy
from sms.gateway import Fate, NotNow, Refused, Sent, Unknown

_LONGEST_DELAY = 7200.0  # seconds between two tries
_DOWN_PAUSE = 10.0  # seconds until a text is tried again at a gateway that went down


class Elsewhere(Protocol):
    """Finds another gateway for a text. None: there is none."""

    def __call__(self, text: Text, *, refused: bool) -> Carriage | None: ...


@dataclass(frozen=True, slots=True)
class Ended:
    """A piece that has a fate, and the step that it makes."""

    step: Step
    fate: Fate


class Judge:
    """Makes steps of fates.

    Arguments:
        elsewhere: another gateway for a text that this one does not take.
        tell: what to mail when a text failed or is unknown.
        now: seconds since 1970. chance: from 0 to 1.
    """

    def __init__(
        self,
        *,
        retry: RetryPolicy,
        elsewhere: Elsewhere,
        tell: Tell,
        now: Callable[[], float],
        chance: Callable[[], float],
    ) -> None:
        self._retry = retry
        self._elsewhere = elsewhere
        self._tell = tell
        self._now = now
        self._chance = chance

    def step(self, claim: Claim, fate: Fate, *, last: bool) -> Step:
        """The step of a fate. last: whether it is of the text's last piece."""
        if isinstance(fate, Sent):
            end = TextState.SENT if last else None
            return Step(claim, PieceState.SENT, end, fate.words or None, fate.reference)
        if isinstance(fate, Unknown):
            return self._end(claim, PieceState.UNKNOWN, TextState.UNKNOWN, fate.words)
        if isinstance(fate, Refused):
            other = self._other(claim, refused=True) if fate.elsewhere else None
            if other is not None:
                return self._again(claim, fate.words, 0.0, other)
            return self._end(claim, PieceState.FAILED, TextState.FAILED, fate.words)
        return self._put_off(claim, fate)

    def _put_off(self, claim: Claim, fate: NotNow) -> Step:
        text = claim.text
        other = self._other(claim, refused=False)
        # What was asked for long ago for a later moment has not been tried for so long.
        age = min(self._now() - text.created, text.attempts * _LONGEST_DELAY)
        delay = self._retry.next_delay(text.attempts + 1, age, self._chance())
        if delay is not None:
            if other is None and fate.gateway_down:
                delay = _DOWN_PAUSE
            # Two gateways must not throw it to and fro without a pause.
            at_once = other is not None and not text.attempts
            return self._again(claim, fate.words, 0.0 if at_once else delay, other)
        return self._end(claim, None, TextState.FAILED, f"given up: {fate.words}")

    def _end(self, claim: Claim, piece: PieceState | None, end: TextState, words: str) -> Step:
        mails = tuple(self._tell(claim.text, end, words, claim.at))
        return Step(claim, piece, end, words, mails=mails)

    def _again(self, claim: Claim, words: str, delay: float, other: Carriage | None) -> Step:
        due = self._now() + delay
        return Step(claim, None, TextState.WAITING, words, due=due, other=other)

    def _other(self, claim: Claim, *, refused: bool) -> Carriage | None:
        """Another gateway; none once a piece has gone out, for it would be joined with nothing."""
        return None if claim.at else self._elsewhere(claim.text, refused=refused)
