"""A message on its way: the envelope, and the bytes exactly as they go over the wire."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from mail import base64_lines
from mail.errors import MailError
from pbx.fields import check_address


class BadMessage(MailError):
    """A message that no server would take as it is meant: an odd address, or bare line ends."""


@dataclass(frozen=True, slots=True)
class Message:
    """One e-mail, ready to send.

    The recording stays as it is until it goes out, line by line of base64: a long one is never
    in memory a second time.

    Arguments:
        sender: envelope sender; bounces go there.
        recipient: envelope recipient; one, so that each person's message has a fate of its own.
        message_id: with its angle brackets; the same for every attempt.
        head: headers and body, ASCII, every line ended by CRLF, not dot-stuffed.
        recording: what follows in base64.
        tail: what follows the recording; like `head`.

    Raises:
        BadMessage: an address that libraries would rewrite or servers refuse, or content with a
            bare CR or LF in it, which some servers take for a line end (SMTP smuggling).
    """

    sender: str
    recipient: str
    message_id: str
    head: bytes = field(repr=False)
    recording: bytes = field(default=b"", repr=False)
    tail: bytes = field(default=b"", repr=False)

    def __post_init__(self) -> None:
        for address in (self.sender, self.recipient):
            require_address(address, self.message_id)
        for part in (self.head, self.tail) if self.tail else (self.head,):
            text = b"".join(part.split(b"\r\n"))
            if b"\r" in text or b"\n" in text:
                raise BadMessage(f"{self.message_id}: a line is ended by a bare CR or LF.")
            if not part.endswith(b"\r\n"):
                raise BadMessage(f"{self.message_id}: the last line has no end.")

    @property
    def size(self) -> int:
        """Bytes, as SIZE counts them (RFC 1870)."""
        return len(self.head) + base64_lines.length(len(self.recording)) + len(self.tail)

    @property
    def content(self) -> bytes:
        """All of it at once."""
        return b"".join((self.head, *base64_lines.blocks(self.recording), self.tail))

    def wire(self, behind: bytes = b"") -> Iterator[bytes]:
        """The content dot-stuffed (RFC 5321, 4.5.2) with the final dot, block by block.

        behind: commands that go out right behind the dot.
        """
        if not self.recording:
            yield b"".join((_stuffed(self.head), _stuffed(self.tail), b".\r\n", behind))
            return
        yield _stuffed(self.head)
        yield from base64_lines.blocks(self.recording)  # base64 has no dots
        yield b"".join((_stuffed(self.tail), b".\r\n", behind))


def require_address(address: str, message_id: str) -> None:
    """Raise BadMessage for an address that cannot go into an envelope as it stands."""
    try:
        check_address(address)
    except ValueError as error:
        raise BadMessage(f"{message_id}: {error}.") from None


def _stuffed(lines: bytes) -> bytes:
    stuffed = lines.replace(b"\n.", b"\n..")
    return b"." + stuffed if stuffed.startswith(b".") else stuffed
