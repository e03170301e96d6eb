"""The addresses that answers go to: signed, so that only who got a text's e-mail can answer it."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re

from mail.intake.errors import WeakSecret
from pbx.numbers import E164, e164_meant

_CONTEXT = b"voxpost reply address 1"
_SECRET = 16  # bytes at least
_SIGNATURE = 10  # bytes; 80 bits, which nobody finds by writing e-mails
_DESK = "d"  # no extension is a letter
_LOCAL = re.compile(r"([1-9][0-9]{4,14})-([0-9]{2,8}|d)-([a-z2-7]{16})")
_NUMBER = re.compile(r"\+?[0-9]{4,20}")


class ReplyAddresses:
    """Makes and reads addresses like 628123456789-1001-k3j5h2l4n6p7q2r3@sms.klinik.example.

    They hold for ever, and do not depend on the domain. At most 42 characters stand before the @
    (RFC 5321, 4.5.3.1.1 allows 64).

    Arguments:
        secret: 16 bytes or more; whoever has it can write texts in anybody's name.
        domain: that e-mails to us go to.

    Raises:
        WeakSecret: the secret is too short.
    """

    def __init__(self, secret: bytes, domain: str) -> None:
        if len(secret) < _SECRET:
            raise WeakSecret(
                f"the secret of reply addresses has {len(secret)} bytes: use {_SECRET} or more"
            )
        self._secret = secret
        self._domain = domain.lower()

    def address(self, number: E164, extension: str) -> str:
        """Where an answer to a number goes.

        Arguments:
            number: the customer's.
            extension: of the person who was written to; empty for the desk.

        Raises:
            ValueError: one of them is none.
        """
        digits = number.removeprefix("+")
        local = f"{digits}-{extension or _DESK}-{self._sign(digits, extension)}"
        if _LOCAL.fullmatch(local) is None or extension == _DESK:
            raise ValueError(f'no reply address for "{number}" and extension "{extension}"')
        return f"{local}@{self._domain}"

    def read(self, address: str) -> tuple[E164, str] | None:
        """The number and the extension of an address of ours; None for every other one."""
        local, _, domain = address.strip().lower().rpartition("@")
        match = _LOCAL.fullmatch(local)
        if match is None or domain != self._domain:
            return None
        digits, who, signature = match.groups()
        extension = "" if who == _DESK else who
        if not hmac.compare_digest(self._sign(digits, extension), signature):
            return None
        return E164(f"+{digits}"), extension

    def _sign(self, digits: str, extension: str) -> str:
        signed = b"\0".join((_CONTEXT, digits.encode(), extension.encode()))
        digest = hmac.digest(self._secret, signed, hashlib.sha256)
        return base64.b32encode(digest[:_SIGNATURE]).decode().lower()


def read_number_address(address: str, country: str) -> E164 | None:
    """The number of an address like +62811000111@sms.klinik.example, for a text to it.

    Its domain is not looked at. country: how a number without + is read.
    """
    local = address.strip().rpartition("@")[0]
    return e164_meant(local, country) if _NUMBER.fullmatch(local) else None
