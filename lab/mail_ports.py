"""The ports of the Zimbra-like mail server, all on loopback."""

from __future__ import annotations

from dataclasses import dataclass

from lab.ports import PortFinder


@dataclass(frozen=True)
class MailPorts:
    """Where each door of the mail server is.

    submission: as 587, STARTTLS and AUTH. submissions: as 465, TLS from the first byte.
    trusted: as 25, seen from a trusted network: relays without AUTH. stranger: as 25, seen
    from elsewhere. greylisted: as trusted, but "come back later" at first. imap, imaps: for
    reading. lmtp, auth and policy are between the servers.
    """

    submission: int
    submissions: int
    trusted: int
    stranger: int
    greylisted: int
    imap: int
    imaps: int
    lmtp: int
    auth: int
    policy: int

    @classmethod
    def pick(cls, finder: PortFinder) -> MailPorts:
        """Take free ports."""
        return cls(*(finder.one() for _ in range(10)))
