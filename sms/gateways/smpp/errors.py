"""What can go wrong between us and an SMSC."""

from __future__ import annotations

from sms.errors import SmsError


class NotSmpp(SmsError):
    """Octets that are no PDU of SMPP 3.4; says what is wrong."""


class NoAnswer(SmsError):
    """A request was not answered: the link ended, or time ran out.

    written: whether it may have reached the SMSC.
    """

    def __init__(self, words: str, *, written: bool) -> None:
        super().__init__(words)
        self.written = written


class NotBound(SmsError):
    """No bound link came to be: says why."""


class AccountRefused(NotBound):
    """Nor will it, until the site file or the operator's account is changed: says what."""
