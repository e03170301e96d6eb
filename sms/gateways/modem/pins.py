"""Which PIN may be tried: a SIM that was told three wrong ones is blocked."""

from __future__ import annotations

from pbx.secret import Secret, SecretUnusable
from sms.gateways.modem.errors import PinSpent, SimTrouble

_UNANSWERED = 2  # tries that nobody answered, of the SIM's three


class Pins:
    """Hands the PIN out, but never one that was refused.

    secret: the site file's; a new one in its place may be tried.
    """

    def __init__(self, secret: Secret) -> None:
        self._secret = secret
        self._spent: set[str] = set()
        self._unanswered: dict[str, int] = {}

    def take(self) -> str:
        """The PIN to try now.

        Raises:
            PinSpent: it was tried, and is not to be tried again.
            SimTrouble: none is set, or it cannot be read.
        """
        if not self._secret.given:
            raise SimTrouble(f"the SIM wants its PIN: add {self._secret.key}_file to the site file")
        try:
            pin = self._secret.read()
        except SecretUnusable as why:
            raise SimTrouble(str(why)) from why
        if pin in self._spent:
            raise PinSpent(
                f"the SIM refused the PIN of {self._secret.key}. It is not tried again, as a third "
                "wrong one blocks the SIM: write the right one, and let the site file be reread."
            )
        return pin

    def refused(self, pin: str) -> None:
        self._spent.add(pin)

    def unanswered(self, pin: str) -> None:
        """Nobody knows whether the SIM took it for a wrong one."""
        self._unanswered[pin] = self._unanswered.get(pin, 0) + 1
        if self._unanswered[pin] >= _UNANSWERED:
            self._spent.add(pin)

    def accepted(self, pin: str) -> None:
        self._unanswered.pop(pin, None)
