"""What can go wrong between us and a bearerbox."""

from __future__ import annotations

from sms.errors import SmsError


class BadFrame(SmsError):
    """Octets that are no frame of the box protocol; says what is wrong."""


class NoAck(SmsError):
    """A text was not acknowledged: the link ended.

    written: whether it may have reached bearerbox.
    """

    def __init__(self, words: str, *, written: bool) -> None:
        super().__init__(words)
        self.written = written
