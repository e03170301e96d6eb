"""How a gateway is, as it shows in `Gateway.health`."""

from __future__ import annotations

from collections.abc import Callable

import structlog

from sms.gateway import GatewayState, Health


class Condition:
    """Remembers how a gateway is and since when, and logs when it changes.

    Arguments:
        gateway: its name.
        now: seconds since 1970.
    """

    def __init__(self, gateway: str, now: Callable[[], float]) -> None:
        self._now = now
        self._state = GatewayState.STARTING
        self._words = "not asked yet"
        self._since = now()
        self._log = structlog.get_logger(part="sms", gateway=gateway)

    @property
    def is_up(self) -> bool:
        return self._state is GatewayState.UP

    def up(self, words: str = "") -> None:
        self._become(GatewayState.UP, words)

    def down(self, words: str) -> None:
        self._become(GatewayState.DOWN, words)

    def health(self, **facts: str | int | float) -> Health:
        return Health(self._state, self._words, self._since, facts)

    def _become(self, state: GatewayState, words: str) -> None:
        self._words = words
        if state is not self._state:
            self._state, self._since = state, self._now()
            self._log.info("gateway is " + state, words=words)
