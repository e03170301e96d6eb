"""Asterisk's answer to one action."""

from __future__ import annotations

from dataclasses import dataclass

from ami.errors import ActionFailed, NotPermitted, NotSupported, ShuttingDown
from ami.wire import Event, Response


@dataclass(frozen=True, slots=True)
class Reply:
    """The response to an action and, for a list action, its rows (the closing one left out)."""

    action: str
    response: Response
    events: tuple[Event, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether Asterisk called it a success."""
        return self.response.ok

    @property
    def message(self) -> str:
        """Asterisk's own words."""
        return self.response.get("Message")

    def get(self, key: str, default: str = "") -> str:
        """The first value of a key of the response."""
        return self.response.get(key, default)

    def or_fail(self) -> Reply:
        """Itself if it is a success.

        Raises NotSupported (Asterisk does not know the action), NotPermitted (the account may
        not), ShuttingDown (later) or else ActionFailed, with Asterisk's words.
        """
        if self.ok:
            return self
        if self.message.startswith("Invalid/unknown command"):
            raise NotSupported(self.action, self.message)
        if self.message == "Permission denied":
            raise NotPermitted(self.action, self.message)
        if self.message.endswith("shutting down"):
            raise ShuttingDown(self.action)
        raise ActionFailed(self.action, self.message)
