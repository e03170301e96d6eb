"""The secret that signs addresses to answer to, and stands in those that gateways call."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from pathlib import Path

from pbx.model import Site
from pbx.secret import SecretUnusable

FILE_NAME = "sms.secret"


class SmsSecret:
    """One secret, and what is derived from it for each purpose."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def derived(self, purpose: str) -> bytes:
        """32 octets that belong to this purpose alone."""
        return hmac.digest(self._secret, purpose.encode(), hashlib.sha256)


def callback_secret(secret: SmsSecret) -> str:
    """What stands in the addresses that gateways call."""
    return secret.derived("callbacks").hex()


def sms_secret(site: Site, *, must_exist: bool = False) -> SmsSecret:
    """Read the secret; made in state_dir when there is none yet.

    must_exist: make nothing; made by root, the daemon could not read it.

    Raises:
        SecretUnusable: it cannot be read or written.
    """
    file = site.service.state_dir / FILE_NAME
    try:
        text = file.read_bytes().strip() if must_exist else _read_or_make(file)
    except FileNotFoundError:
        raise SecretUnusable(f"there is no {file} yet: `voxpost run` makes it.") from None
    except OSError as error:
        raise SecretUnusable(f"cannot read {file}: {error.strerror}") from error
    if len(text) < 32:
        raise SecretUnusable(f"{file} is too short: remove it, and a new one is made.")
    return SmsSecret(text)


def _read_or_make(file: Path) -> bytes:
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o770)
    try:
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except FileExistsError:
        return file.read_bytes().strip()
    secret = secrets.token_hex(32).encode()
    with os.fdopen(handle, "wb") as stream:
        stream.write(secret)
        stream.flush()
        os.fsync(stream.fileno())
    return secret
