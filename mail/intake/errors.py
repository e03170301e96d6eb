"""What can go wrong with e-mails that come in."""

from __future__ import annotations

from mail.errors import MailError


class IntakeError(MailError):
    """Base of the intake's errors."""


class WeakSecret(IntakeError):
    """A secret that is too short to sign with; says what to do."""


class HangUp(IntakeError):
    """A conversation that ends here. reply: what the client is told, code and words."""

    def __init__(self, reply: str) -> None:
        super().__init__(reply)
        self.reply = reply
