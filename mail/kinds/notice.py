"""What became of something: a text, an e-mail, a gateway, a broadcast."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import get_args

from ledger.facts import NoticeFacts
from ledger.notices import NOTICES, Reason, whole_fields
from mail.kinds.kind import SAMPLE_TIME, Occasion, Version
from mail.kinds.text import correspondent
from mail.letters import Attachment, Letter, Letterhead, Reader
from mail.plain import isolated, plain, plain_lines
from mail.words import moment_at, moment_in_words

_LONGEST = 10_000
_LINE = 300
_FILE_NAME = 80


def versions(facts: NoticeFacts, occasion: Occasion) -> Iterator[Version]:
    """With its file, and without it."""
    whole = letter(facts, occasion.reader, occasion.head)
    yield Version(whole, smallest=facts.attachment is None)
    if facts.attachment is not None:
        alone = letter(replace(facts, attachment=None), occasion.reader, occasion.head)
        yield Version(alone, "without the file: too large")


def letter(facts: NoticeFacts, reader: Reader, head: Letterhead) -> Letter:
    fields = whole_fields(facts.about, facts.fields)
    shown = {name: _shown(name, value, reader, head) for name, value in fields.items()}
    return Letter(
        reader=reader,
        kind=facts.KIND,
        template=facts.about,
        context={**shown, "attached": facts.attachment is not None},
        headers=(("X-Voxpost-Notice", facts.about),),
        references=facts.references,
        answers=bool(facts.references),
        attachment=_attachment(facts),
    )


def _shown(name: str, value: str | int, reader: Reader, head: Letterhead) -> str | int:
    """A field as the templates have it."""
    if isinstance(value, int):
        if name != "since":
            return value
        return moment_in_words(moment_at(value, reader.zone), reader.language)
    if name == "number":
        return correspondent(value, head.country).label
    return plain_lines(value, _LONGEST) if name == "body" else isolated(plain(value, _LINE))


def _attachment(facts: NoticeFacts) -> Attachment | None:
    if facts.attachment is None:
        return None
    name, text = facts.attachment
    safe = "".join(c if c.isascii() and (c.isalnum() or c in "._-") else "-" for c in name)
    # With the mark in front, Excel reads it as UTF-8.
    content = text.encode("utf-8-sig", "replace")
    return Attachment(content, 'text/csv; charset="utf-8"', safe[-_FILE_NAME:] or "list.csv")


def samples(reader: Reader, head: Letterhead) -> Iterator[Letter]:
    for about in NOTICES:
        for reason in get_args(Reason) if about == "mail-not-taken" else ("",):
            for number in (0, 2):
                file = ("list.csv", "number\r\n") if number else None
                fields = _sample_fields(about, reason, number)
                yield letter(NoticeFacts(about, fields, attachment=file), reader, head)


def _sample_fields(about: str, reason: str, number: int) -> dict[str, str | int]:
    fields: dict[str, str | int] = {
        name: number if kind is int or isinstance(kind, int) else "+628123456789"
        for name, kind in NOTICES[about].items()
    }
    known: dict[str, str | int] = {"since": SAMPLE_TIME, "reason": reason}
    return fields | {name: value for name, value in known.items() if name in fields}
