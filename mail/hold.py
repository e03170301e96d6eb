"""Holds the delivery while the mail server dislikes our settings.

Zimbra suspends an account after ten wrong passwords, and each message that is tried would be one
more. So after the first refusal nothing is tried for a while, and then one message alone.
"""

from __future__ import annotations

_FIRST, _LONGEST = 300.0, 3600.0  # seconds


class Hold:
    """Whether, and until when, the settings are in doubt. Moments in seconds since 1970."""

    def __init__(self) -> None:
        self._times = 0
        self.until: float | None = None
        """When the next message may try; None while nothing is in doubt."""

    def doubt(self, now: float) -> None:
        """The server disliked our settings once more."""
        if not self.is_closed(now):
            self.until = now + min(_LONGEST, _FIRST * 2**self._times)
            self._times = min(self._times + 1, 10)

    def lift(self) -> None:
        """A message went through, or the site file was reread."""
        self._times = 0
        self.until = None

    def is_closed(self, now: float) -> bool:
        """Nothing may be tried. A clock that was set back does not close it for longer."""
        return self.until is not None and 0 < self.until - now <= _LONGEST

    def lets_go(self, now: float, *, busy: int) -> bool:
        """Whether one more message may be tried while `busy` others are."""
        return self.until is None or (not self.is_closed(now) and busy == 0)
