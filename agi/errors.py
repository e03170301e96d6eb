"""What can go wrong between Asterisk's AGI and us."""

from __future__ import annotations


class AgiError(Exception):
    """The family of all errors of this folder."""


class UnsafeArgument(AgiError, ValueError):
    """A value cannot stand in an AGI command; it was not sent."""


class ProtocolError(AgiError):
    """The other side does not speak AGI; the connection is of no further use."""


class BadHeader(ProtocolError):
    """The agi_ lines that open a session are missing, malformed or too long."""


class CommandRefused(AgiError):
    """Asterisk answered 510, 511 or 520 to a command.

    code is Asterisk's number, text its own words.
    """

    def __init__(self, code: int, text: str) -> None:
        super().__init__(f"Asterisk refused the command: {code} {text}")
        self.code = code
        self.text = text


class CallEnded(AgiError):
    """The connection is gone: no command of this call can be answered any more."""


class DuplicateScript(AgiError):
    """Two files in agi/scripts/ give their script the same name; rename one."""
