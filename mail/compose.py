"""Writes a letter as an e-mail: MIME, all ASCII, the same bytes for every attempt."""

from __future__ import annotations

import binascii
import hashlib
import re
from datetime import datetime
from email.header import Header
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr

from mail.audio import Audio
from mail.caller import Caller, read_caller
from mail.letters import Letter, Letterhead, VoicemailLetter
from mail.message import BadMessage, Message, require_address
from mail.plain import ascii_only, plain
from mail.texts import Rendered, Texts

# 7bit: neither 8BITMIME nor SMTPUTF8 is ever asked of a server (Zimbra refuses the latter).
_POLICY = SMTP.clone(cte_type="7bit", utf8=False)
_ONE_LINE = _POLICY.clone(max_line_length=998)  # RFC 5322, 2.1.1
_LINE = 76  # characters of base64 in a line (RFC 2045, 6.8)
_NAME = 100
_WORD = 40
_MESSAGE_ID = re.compile(r"<[!-;=?A-~]{1,200}@[!-;=?A-~]{1,255}>")


def compose(
    letter: Letter, head: Letterhead, texts: Texts, *, message_id: str, date: datetime
) -> Message:
    """Write a letter. Takes some milliseconds for a long recording: call it in a thread.

    The same arguments give the same bytes, boundaries included, so that a retry is the same mail.

    Arguments:
        message_id: with its angle brackets, ASCII; one for each letter, kept for all attempts.
        date: an aware time, the same for all attempts.

    Raises:
        TextsBroken: an own template of the administrator's is at fault.
        BadMessage: an address or a Message-ID that no server would take.
    """
    require_address(letter.reader.address, message_id)
    if _MESSAGE_ID.fullmatch(message_id) is None:
        raise BadMessage(f"{message_id!r} is no Message-ID like <name@klinik.example>.")
    caller = read_caller(letter.caller_number, letter.caller_name, head.country)
    words = texts.render(letter, head, caller)
    seed = hashlib.sha256(message_id.encode("ascii")).hexdigest()[:32]
    body = _alternative(words, f"=_alt_{seed}")
    recording = tail = b""
    if isinstance(letter, VoicemailLetter) and letter.audio is not None:
        recording = letter.audio.content
        body, tail = _mixed(body, letter.audio, _file_name(letter, caller), f"=_mix_{seed}")
    headers = _headers(
        letter, head, caller, subject=words.subject, message_id=message_id, date=date
    )
    return Message(
        sender=head.bounce_address,
        recipient=letter.reader.address,
        message_id=message_id,
        head=headers + body,
        recording=recording,
        tail=tail,
    )


def _headers(
    letter: Letter,
    head: Letterhead,
    caller: Caller,
    *,
    subject: str,
    message_id: str,
    date: datetime,
) -> bytes:
    sender_name, sender_address = parseaddr(head.sender)
    mail = EmailMessage(_POLICY)
    mail["Date"] = format_datetime(date)
    mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: no holiday replies to this
    mail["Content-Language"] = letter.reader.language
    for name, value in _own_headers(letter, caller):
        mail[f"X-Voxpost-{name}"] = value
    mail["MIME-Version"] = "1.0"
    # Not by EmailMessage, which breaks the line of a long one: readers search for it as it is.
    identity = f"Message-ID: {message_id}\r\n".encode("ascii")
    # The empty line at the end belongs after the body's own headers, which follow.
    people = (
        _person("From", sender_name, sender_address),
        _person("To", letter.reader.name, letter.reader.address),
    )
    rest = mail.as_bytes().removesuffix(b"\r\n")
    return b"".join((identity, *people, _subject(subject), rest))


def _subject(subject: str) -> bytes:
    """The header line. EmailMessage would leave the first line of a long one empty."""
    if not subject.isascii():
        return _encoded("Subject", subject) + b"\r\n"
    mail = EmailMessage(_ONE_LINE)
    mail["Subject"] = subject
    return mail.as_bytes().removesuffix(b"\r\n")


def _person(header: str, name: str, address: str) -> bytes:
    """From or To, with a display name."""
    name = plain(name, _NAME)
    if not name.isascii():
        return _encoded(header, name) + f" <{address}>\r\n".encode("ascii")
    mail = EmailMessage(_POLICY)
    mail[header] = Address(name, addr_spec=address)
    return mail.as_bytes().removesuffix(b"\r\n")


def _encoded(header: str, text: str) -> bytes:
    """A header's name and its text as encoded words, in short lines (RFC 2047, 2).

    Not by EmailMessage, which encodes word by word and loses some of the blanks between them.
    """
    words = Header(text, "utf-8", maxlinelen=_LINE, header_name=header)
    return f"{header}: ".encode() + words.encode(linesep="\r\n").encode("ascii")


def _own_headers(letter: Letter, caller: Caller) -> list[tuple[str, str]]:
    number = caller.bare or "anonymous"
    if isinstance(letter, VoicemailLetter):
        return [
            ("Kind", "voicemail"),
            ("Mailbox", ascii_only(letter.mailbox, _WORD)),
            ("Caller", number),
            ("Duration", str(round(letter.duration))),
        ]
    return [
        ("Kind", "missed-call"),
        ("Mailbox", ascii_only(letter.extension, _WORD)),
        ("Caller", number),
    ]


def _alternative(words: Rendered, boundary: str) -> bytes:
    """The text and the page, headers first."""
    mail = EmailMessage(_POLICY)
    mail.set_content(_encodable(words.text), cte="quoted-printable")
    mail.add_alternative(_encodable(words.page), subtype="html", cte="quoted-printable")
    mail.set_boundary(boundary)
    for part in mail.walk():
        del part["MIME-Version"]  # stands once, above
    return mail.as_bytes()


def _mixed(body: bytes, audio: Audio, file_name: str, boundary: str) -> tuple[bytes, bytes]:
    """What stands before and behind the letter's recording."""
    limit = f"--{boundary}".encode()
    before = (
        f'Content-Type: multipart/mixed; boundary="{boundary}"\r\n\r\n'.encode(),
        *(limit, b"\r\n", body),
        *(b"\r\n", limit, b"\r\n"),
        f'Content-Type: {audio.content_type}; name="{file_name}"\r\n'.encode(),
        b"Content-Transfer-Encoding: base64\r\n",
        # inline: web clients show their player in the page
        f'Content-Disposition: inline; filename="{file_name}"\r\n\r\n'.encode(),
    )
    return b"".join(before), limit + b"--\r\n"


def _file_name(letter: VoicemailLetter, caller: Caller) -> str:
    """Such as voicemail-2026-11-21-2152-08123456789.wav."""
    assert letter.audio is not None
    left_at = letter.left_at.astimezone(letter.reader.zone)
    number = "".join(c for c in caller.number if c.isascii() and c.isalnum())[:30]
    stem = f"voicemail-{left_at:%Y-%m-%d-%H%M}-{number or 'anonymous'}"
    return f"{stem}.{letter.audio.extension}"


def _encodable(text: str) -> str:
    """Half characters (lone surrogates) of an own template's data cannot be sent."""
    return text.encode("utf-8", "replace").decode("utf-8")
