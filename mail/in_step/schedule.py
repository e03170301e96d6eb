"""Whose turn it is: people by the moment when they are due, and who is being visited."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection


class Schedule:
    """Turns of people, by extension. Nobody is visited twice at the same time.

    Arguments:
        clock: seconds, only forward.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._due: dict[str, float] = {}
        self._visited: dict[str, bool] = {}  # whether there are news since
        self.changed = asyncio.Event()
        """Set by each hint; whoever waits for it clears it before looking."""

    def hint(self, extension: str) -> None:
        """There are news of a person: visit now, or once more."""
        if extension in self._visited:
            self._visited[extension] = True
        else:
            self._due[extension] = self._clock()
        self.changed.set()

    def take(self, preferred: str | None = None, others: Collection[str] = ()) -> str | None:
        """Whom to visit now, or None if nobody is due.

        Arguments:
            preferred: is taken first if due.
            others: are not taken; somebody else has their connection.
        """
        now = self._clock()
        due = [(at, it) for it, at in self._due.items() if at <= now and it not in others]
        if not due:
            return None
        chosen = preferred if (preferred or "") in {it for _, it in due} else min(due)[1]
        assert chosen is not None
        del self._due[chosen]
        self._visited[chosen] = False
        return chosen

    def give_back(self, extension: str, again: float | None) -> None:
        """A visit is over; the next is in `again` seconds, or when there are news."""
        if self._visited.pop(extension, False):
            again = 0.0
        if again is not None:
            self._due[extension] = self._clock() + again
            self.changed.set()

    def next_due(self, others: Collection[str] = ()) -> float | None:
        """Seconds until somebody is due who is none of the others; None: nobody will be."""
        due = [at for it, at in self._due.items() if it not in others]
        return max(0.0, min(due) - self._clock()) if due else None
