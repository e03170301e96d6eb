"""Names what an SMSC brings, so that what it brings again has the same name.

SMPP gives a deliver_sm no name of its own. Two equal ones are either one text that is brought
again, since our answer to the first did not come through, or two texts of a person who wrote
"ok" twice. The first must become one e-mail, the second two; and a lost text is worse than a
double one. So equal ones are the same only where there is a reason to think so:

- our answer to the first was not surely read when its link ended, and the second comes on a later
  link within five minutes;
- the ledger failed us over the first, so that we put it off: it may be stored all the same;
- the first waits for its answer for over five seconds, and is brought again meanwhile;
- voxpost was started anew between them, and both came within the same two minutes.
"""

from __future__ import annotations

import hashlib
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass

_BROUGHT_AGAIN_WITHIN = 300.0  # seconds after the link's end
_SMSC_PATIENCE = 5.0  # no SMSC asks again sooner
_SPAN = 120  # seconds
_MOST = 1000


@dataclass(slots=True, eq=False)
class Arrival:
    """A text that came. after: what our link had asked last when it was answered."""

    digest: str
    key: str
    came: float
    after: int | None = None


class Brought:
    """What was brought and is not yet surely answered. now: seconds since 1970."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._open: dict[Arrival, None] = {}
        self._unsure: deque[Arrival] = deque(maxlen=_MOST)
        self._span = 0
        self._counts: Counter[str] = Counter()

    def arrived(self, body: bytes) -> Arrival:
        """A deliver_sm came. body: all of it but the header, whose number is always another."""
        now = self._now()
        digest = hashlib.sha256(body).hexdigest()[:32]
        arrival = Arrival(digest, self._earlier(digest, now) or self._new_key(digest, now), now)
        self._open[arrival] = None
        return arrival

    def answered(self, arrival: Arrival, after: int) -> None:
        """Our answer was written. after: the number of our last request before it."""
        arrival.after = after

    def refused(self, arrival: Arrival) -> None:
        """It was not stored, as far as is known, and the SMSC is told to bring it again."""
        self._open.pop(arrival, None)
        self._may_come_again(arrival)

    def confirmed(self, sequence: int) -> None:
        """The SMSC answered this request, and so has read all that was written before it."""
        read = [it for it in self._open if it.after is not None and it.after < sequence]
        for arrival in read:
            del self._open[arrival]

    def link_ended(self) -> None:
        """What is not surely answered may be brought again."""
        for arrival in self._open:
            self._may_come_again(arrival)
        self._open.clear()

    def _may_come_again(self, arrival: Arrival) -> None:
        arrival.came = self._now()
        self._unsure.append(arrival)

    def _earlier(self, digest: str, now: float) -> str | None:
        while self._unsure and now - self._unsure[0].came >= _BROUGHT_AGAIN_WITHIN:
            self._unsure.popleft()
        for arrival in self._unsure:
            if arrival.digest == digest:
                self._unsure.remove(arrival)
                return arrival.key
        waiting = (
            it.key
            for it in self._open
            if it.digest == digest and it.after is None and now - it.came > _SMSC_PATIENCE
        )
        return next(waiting, None)

    def _new_key(self, digest: str, now: float) -> str:
        span = max(self._span, int(now) // _SPAN)
        if span != self._span:
            self._span = span
            self._counts.clear()
        self._counts[digest] += 1
        return f"{digest}-{span:x}-{self._counts[digest]}"
