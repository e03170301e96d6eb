"""A caller who gave up and left no message."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from ledger.facts import MissedCallFacts
from mail.caller import read_caller
from mail.kinds.kind import SAMPLE_TIME, Occasion, Version
from mail.letters import Letter, Letterhead, Reader
from mail.missed_calls import RECENT_DAYS
from mail.plain import HEADER_WORD, ascii_only
from mail.words import moment_in_words


def versions(facts: MissedCallFacts, occasion: Occasion) -> Iterable[Version]:
    extension = occasion.entry.extension
    return (Version(letter(facts, extension, occasion.reader, occasion.head)),)


def letter(facts: MissedCallFacts, extension: str, reader: Reader, head: Letterhead) -> Letter:
    """extension: what was called."""
    caller = read_caller(facts.caller_number, facts.caller_name, head.country)
    called_at = datetime.fromtimestamp(facts.called_at, reader.zone)
    return Letter(
        reader=reader,
        kind=facts.KIND,
        template=facts.KIND,
        context={
            "caller": caller,
            "when": moment_in_words(called_at, reader.language),
            "extension": extension,
            "recent": facts.recent,
            "recent_days": RECENT_DAYS,
        },
        headers=(
            ("X-Voxpost-Mailbox", ascii_only(extension, HEADER_WORD)),
            ("X-Voxpost-Caller", caller.bare or "anonymous"),
        ),
    )


def samples(reader: Reader, head: Letterhead) -> Iterator[Letter]:
    for caller in (("08123456789", "Bu Ani"), ("anonymous", "")):
        for recent in (1, 3):
            yield letter(MissedCallFacts(*caller, SAMPLE_TIME, recent), "1001", reader, head)
