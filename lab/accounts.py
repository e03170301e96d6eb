"""Who has a mail account at the lab's mail server."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class MailUser:
    """A mail account. quota: bytes that it may hold; None is no limit."""

    address: str
    password: str
    quota: int | None = None

    @property
    def domain(self) -> str:
        """The part behind the @."""
        return self.address.rpartition("@")[2]


MASTER = MailUser("master", "master-password")
"""May act for every user, by the authorization identity of SASL PLAIN (RFC 4616)."""
