"""A message on its way: the envelope, and the bytes exactly as they go over the wire."""

from __future__ import annotations

from dataclasses import dataclass, field

from mail.errors import MailError
from pbx.fields import check_address


class BadMessage(MailError):
    """A message that no server would take as it is meant: an odd address, or bare line ends."""


@dataclass(frozen=True, slots=True)
class Message:
    """One e-mail, ready to send.

    Arguments:
        sender: envelope sender; bounces go there.
        recipient: envelope recipient; one, so that each person's message has a fate of its own.
        message_id: with its angle brackets; the same for every attempt.
        content: headers and body, ASCII, every line ended by CRLF, not dot-stuffed.

    Raises:
        BadMessage: an address that libraries would rewrite or servers refuse, or content with a
            bare CR or LF in it, which some servers take for a line end (SMTP smuggling).
    """

    sender: str
    recipient: str
    message_id: str
    content: bytes = field(repr=False)

    def __post_init__(self) -> None:
        for address in (self.sender, self.recipient):
            require_address(address, self.message_id)
        ends = self.content.count(b"\r\n")
        if self.content.count(b"\n") != ends or self.content.count(b"\r") != ends:
            raise BadMessage(f"{self.message_id}: a line is ended by a bare CR or LF.")
        if not self.content.endswith(b"\r\n"):
            raise BadMessage(f"{self.message_id}: the last line has no end.")

    def wire(self) -> bytes:
        """The content dot-stuffed (RFC 5321, 4.5.2): the very same bytes where no line needs it.

        Jumps from dot to dot: base64 has none, so a long recording costs next to nothing.
        """
        content = self.content
        at = content.find(b".")
        while at >= 0:
            if at == 0 or content[at - 1] == 0x0A:
                return _stuffed(content)
            at = content.find(b".", at + 1)
        return content


def require_address(address: str, message_id: str) -> None:
    """Raise BadMessage for an address that cannot go into an envelope as it stands."""
    try:
        check_address(address)
    except ValueError as error:
        raise BadMessage(f"{message_id}: {error}.") from None


def _stuffed(content: bytes) -> bytes:
    stuffed = content.replace(b"\r\n.", b"\r\n..")
    return b"." + stuffed if stuffed.startswith(b".") else stuffed
