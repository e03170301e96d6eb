"""An e-mail that came in, as far as it matters to us. Nothing that anybody sends makes it fail."""

from __future__ import annotations

import asyncio
import hashlib
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from mail.intake.automatic import automatic
from mail.intake.body import read_body
from mail.intake.charsets import decode_words
from mail.intake.mime import Fields, Part, leaves, read_part
from mail.intake.own_words import own_words
from mail.intake.sender import read_sender
from mail.plain import plain

_IN_THE_LOOP = 20_000  # bytes; a larger e-mail is read in a thread
_SUBJECT = 300  # characters
_REFERENCES = 50
_ID = re.compile(r"<[!-;=?-~]{1,250}>")


@dataclass(frozen=True, slots=True)
class IncomingMail:
    """What an e-mail says.

    Arguments:
        message_id: with its brackets; made of the e-mail itself where it has none, the same one
            whenever it comes again. Anybody can write anybody's: it is unique for a sender alone.
        sender: the address in From, its domain in small letters; empty where `problem` says why.
        sender_name: one line; may be empty.
        problem: why From names nobody that can be relied on.
        subject: one line.
        date: as it was written; None where it cannot be read.
        references: the Message-IDs that it answers, the oldest first (RFC 5322, 3.6.4).
        words: the sender's own new ones; empty where there are none.
        automatic: why no person wrote it; None for a person's letter.
        attachments: how many files came with it.
        troubles: what could not be read as it should: character sets, what is encrypted.
        fields: its header, for `proof.proven`.
    """

    message_id: str
    sender: str
    sender_name: str
    problem: str | None
    subject: str
    date: datetime | None
    references: tuple[str, ...]
    words: str
    automatic: str | None
    attachments: int
    troubles: tuple[str, ...]
    fields: Fields = field(repr=False)


async def read_mail(content: bytes, envelope_sender: str) -> IncomingMail:
    """Read an e-mail without holding up the loop. envelope_sender: empty for bounces."""
    if len(content) <= _IN_THE_LOOP:
        return read_now(content, envelope_sender)
    return await asyncio.to_thread(read_now, content, envelope_sender)


def read_now(content: bytes, envelope_sender: str) -> IncomingMail:
    """Read an e-mail here and now."""
    mail = read_part(content)
    parts = list(leaves(mail))
    sender = read_sender(mail.fields)
    subject = plain(decode_words(mail.fields.get("subject")), _SUBJECT)
    kinds = {mail.kind} | {part.kind for part, _ in parts} | {it for _, by in parts for it in by}
    body = read_body(parts)
    return IncomingMail(
        message_id=_message_id(mail),
        sender=sender.address,
        sender_name=sender.name,
        problem=sender.problem,
        subject=subject,
        date=_date(mail.fields.get("date")),
        references=_references(mail.fields),
        words=own_words(body.text),
        automatic=automatic(
            mail.fields,
            sender=sender.address,
            subject=subject,
            kinds=sorted(kinds),
            envelope_sender=envelope_sender,
        ),
        attachments=body.attachments,
        troubles=body.troubles,
        fields=mail.fields,
    )


def _message_id(mail: Part) -> str:
    found = _ID.search(mail.fields.get("message-id"))
    if found is not None:
        return found[0]
    # Not of the whole header: Received and its like differ when it comes again.
    digest = hashlib.sha256()
    for name in ("from", "to", "date", "subject", "message-id"):
        digest.update(f"{name}:{mail.fields.get(name)}\n".encode("utf-8", "replace"))
    digest.update(mail.body)
    return f"<{digest.hexdigest()[:40]}@made-up.invalid>"


def _references(fields: Fields) -> tuple[str, ...]:
    found = _ID.findall(fields.get("references")) + _ID.findall(fields.get("in-reply-to"))[:1]
    return tuple(dict.fromkeys(found))[-_REFERENCES:]


def _date(value: str) -> datetime | None:
    try:
        date = parsedate_to_datetime(value[:200])
        # "-0000" is a time in UTC of somewhere else (RFC 5322, 3.3).
        return date if date.tzinfo else date.replace(tzinfo=UTC)
    except Exception:  # its parser raises many kinds
        return None
