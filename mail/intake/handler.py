"""What takes the e-mails in, behind the listener: one Protocol, and its answers."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Protocol

from mail.plain import plain

_LONGEST = 400  # characters; a reply's line has 512 octets at most (RFC 5321, 4.5.3.1.5)
_HAS_STATUS = re.compile(r"[245]\.[0-9]{1,3}\.[0-9]{1,3} ")
_STATUS = {2: "2.0.0", 4: "4.3.0", 5: "5.3.0"}
# For the replies of aiosmtpd's own, which know no enhanced codes (RFC 3463).
_OWN_STATUS = {500: "5.5.2", 501: "5.5.4", 503: "5.5.1", 552: "5.3.4", 553: "5.1.3", 555: "5.5.4"}


@dataclass(frozen=True, slots=True)
class Answer:
    """What a mail server is told of a recipient or a message.

    Arguments:
        code: 250 takes it, 4xx asks for it again later, 5xx makes a bounce.
        words: for a person who reads the bounce; "5.1.1 …" before them says it to programs
            (RFC 3463). Any text; what does not fit a reply's line is left out.
    """

    code: int
    words: str

    def __post_init__(self) -> None:
        if self.code != 250 and not 400 <= self.code <= 599:
            raise ValueError(f"{self.code} is no answer of a mail server: use 250, 4xx or 5xx")

    @property
    def taken(self) -> bool:
        return self.code == 250

    def reply(self) -> str:
        """One line of ASCII, without its end."""
        words = plain(self.words, _LONGEST).encode("ascii", "replace").decode()
        return with_status(f"{self.code} {words}".rstrip())


class Handler(Protocol):
    """Who the e-mails are for. An exception out of here asks for the e-mail again later (451)."""

    async def recipient(self, address: str) -> Answer:
        """Whether e-mails to this address are taken; asked before the message comes."""
        ...

    async def message(self, content: bytes, sender: str, recipient: str) -> Answer:
        """Take a message for one recipient; durable before the answer is 250.

        The same one comes again whenever our answer was lost.

        Arguments:
            content: as it came, lines ended by CRLF.
            sender: of the envelope; empty for bounces.
        """
        ...


def with_status(reply: str) -> str:
    """A reply with an enhanced status code, as RFC 2034 wants it after 2xx, 4xx and 5xx."""
    code, blank, words = reply.partition(" ")
    if not blank or code == "220" or _HAS_STATUS.match(words) or int(code) // 100 not in _STATUS:
        return reply
    status = _OWN_STATUS.get(int(code), _STATUS[int(code) // 100])
    return f"{code} {status} {words}"
