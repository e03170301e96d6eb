"""Which PIN may be tried: a SIM that was told three wrong ones is blocked."""

from __future__ import annotations

import hashlib
import hmac
from pathlib import Path

from pbx.secret import Secret, SecretUnusable
from sms.gateways.modem.errors import PinSpent, SimTrouble

_MOST = 2  # tries that the SIM did not accept, of its three


class PinTries:
    """How often a PIN was told to a SIM that has not accepted it; kept over restarts.

    Arguments:
        folder: gets a file for each such PIN.
        key: secret, so that the file does not tell the PIN.
    """

    def __init__(self, folder: Path, key: bytes) -> None:
        self._folder = folder
        self._key = key

    def file(self, name: str, pin: str) -> Path:
        """Where it is counted. name: of the secret in the site file."""
        digest = hmac.digest(self._key, f"{name}\0{pin}".encode(), hashlib.sha256)
        return self._folder / digest.hex()[:32]

    def count(self, name: str, pin: str) -> int:
        """Raises OSError: it cannot be read."""
        try:
            return len(self.file(name, pin).read_bytes())
        except FileNotFoundError:
            return 0

    def record(self, name: str, pin: str, count: int) -> None:
        """Raises OSError: it cannot be written."""
        file = self.file(name, pin)
        if count:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            file.write_bytes(b"x" * count)
        else:
            file.unlink(missing_ok=True)


class Pins:
    """Hands the PIN out, but never one that was refused.

    secret: the site file's; a new one in its place may be tried.
    """

    def __init__(self, secret: Secret, tries: PinTries) -> None:
        self._secret = secret
        self._tries = tries

    def read(self) -> str:
        """The PIN that may be tried.

        Raises:
            PinSpent: it was tried, and is not to be tried again.
            SimTrouble: none is set, or it cannot be read.
        """
        if not self._secret.given:
            raise SimTrouble(f"the SIM wants its PIN: add {self._secret.key}_file to the site file")
        try:
            pin = self._secret.read()
            tries = self._tries.count(self._secret.key, pin)
        except (SecretUnusable, OSError) as why:
            raise SimTrouble(str(why)) from why
        if tries >= _MOST:
            raise PinSpent(
                f"the SIM refused the PIN of {self._secret.key}. It is not tried again, as a third "
                "wrong one blocks the SIM: write the right one. If it is right now, because the "
                f"SIM is another one, remove {self._tries.file(self._secret.key, pin)}"
            )
        return pin

    def trying(self, pin: str) -> None:
        """Say so before the SIM is told: it counts, whatever happens then.

        Raises:
            SimTrouble: it cannot be recorded, so it must not be tried.
        """
        self._count(pin, 1)

    def not_tried(self, pin: str) -> None:
        """The SIM did not look at it: there is none, it is busy."""
        self._count(pin, -1)

    def refused(self, pin: str) -> None:
        self._count(pin, _MOST)

    def accepted(self, pin: str) -> None:
        self._count(pin, -_MOST)

    def _count(self, pin: str, more: int) -> None:
        key = self._secret.key
        try:
            tries = self._tries.count(key, pin) + more
            self._tries.record(key, pin, min(max(tries, 0), _MOST))
        except OSError as why:
            raise SimTrouble(f"cannot record that the PIN is tried: {why}") from why
