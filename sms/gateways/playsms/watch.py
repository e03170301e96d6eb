"""Which texts PlaySMS is asked about, and how often."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sms.gateways.playsms.wire import STATES

_AT_START = 100  # texts that may have been sent before a restart
_LONGEST = 86_400.0  # seconds: some stay pending for ever
_MOST = 1000
_SLOWER = 10  # a text of an hour ago is asked about every hour/10


class Watch:
    """The texts that were sent lately and are not known to have arrived or failed.

    Arguments:
        poll: seconds between two questions at least.
        now: seconds since 1970.
    """

    def __init__(self, poll: float, now: Callable[[], float]) -> None:
        self._poll = poll
        self._now = now
        self._since: dict[int, float] = {}
        self._told: dict[int, str] = {}
        self._asked_at: float | None = None

    def __len__(self) -> int:
        return len(self._since)

    def add(self, number: int) -> None:
        """Watch a text, by its smslog_id."""
        self._since[number] = self._now()

    def question(self) -> Mapping[str, str] | None:
        """The fields of the `ds` that is due, or None.

        The first one is about what was sent before a restart.
        """
        if self._asked_at is None:
            return {"c": str(_AT_START)}
        now = self._now()
        for number in [it for it, since in self._since.items() if now - since > _LONGEST]:
            self._forget(number)
        for number in list(self._since)[:-_MOST]:
            self._forget(number)
        if not self._since:
            return None
        pause = max(self._poll, (now - max(self._since.values())) / _SLOWER)
        if now - self._asked_at < pause:
            return None
        return {"last": str(min(self._since) - 1), "c": str(_MOST)}

    def asked(self) -> None:
        """A question was answered."""
        self._asked_at = self._now()

    def is_news(self, number: int, status: str) -> bool:
        """Whether a status is to be told of."""
        watched = number in self._since or self._asked_at is None
        return watched and status in STATES and self._told.get(number) != status

    def told(self, number: int, status: str) -> None:
        """A status was told of."""
        if STATES[status] == "buffered":
            self._told[number] = status
        else:
            self._forget(number)

    def _forget(self, number: int) -> None:
        self._since.pop(number, None)
        self._told.pop(number, None)
