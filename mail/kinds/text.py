"""A text that came in: the customer's words, whole, and how to answer them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from ledger.facts import EarlierText, TextFacts
from mail.caller import Caller, read_caller
from mail.kinds.kind import SAMPLE_TIME, Occasion, Version
from mail.letters import Letter, Letterhead, Reader
from mail.marker import REPLY_MARKER
from mail.plain import HEADER_WORD, ascii_only, isolated, plain, plain_lines
from mail.words import moment_at, moment_in_words
from pbx.numbers import read_number

# 255 parts of 153 characters are 39,015 (3GPP TS 23.040, 9.2.3.24.1).
_LONGEST = 40_000
_LONGEST_EARLIER = 2_000
_MOST_EARLIER = 30
_NAME = 40
_E164 = re.compile(r"\+[0-9]{6,15}")


@dataclass(frozen=True, slots=True)
class Earlier:
    """An earlier text, as the templates have it. who: the name of who wrote it."""

    when: str
    who: str
    outgoing: bool
    body: str


def versions(facts: TextFacts, occasion: Occasion) -> Iterator[Version]:
    """With the earlier texts, and without them."""
    whole = letter(facts, occasion.reader, occasion.head)
    yield Version(whole, smallest=not facts.earlier)
    if facts.earlier:
        alone = letter(replace(facts, earlier=()), occasion.reader, occasion.head)
        yield Version(alone, "without the earlier texts: too large")


def letter(facts: TextFacts, reader: Reader, head: Letterhead) -> Letter:
    customer = correspondent(facts.number, head.country)
    own = facts.own_number and correspondent(facts.own_number, head.country).label
    label = customer.label
    headers = [
        ("X-Voxpost-Caller", customer.bare or "anonymous"),
        ("X-Voxpost-Gateway", ascii_only(facts.gateway, HEADER_WORD)),
    ]
    if facts.keyword is not None:
        headers.append(("X-Voxpost-Keyword", ascii_only(facts.keyword, HEADER_WORD)))
    return Letter(
        reader=reader,
        kind=facts.KIND,
        template=facts.KIND,
        context={
            "caller": customer,
            "when": moment_in_words(moment_at(facts.received_at, reader.zone), reader.language),
            "body": plain_lines(facts.body, _LONGEST),
            "incomplete": facts.incomplete,
            "own_number": own or "",
            "gateway": plain(facts.gateway, _NAME),
            "keyword": plain(facts.keyword or "", _NAME),
            "can_answer": facts.reply_to is not None,
            "marker": REPLY_MARKER,
            # The latest stands next to the text, as in any e-mail that quotes.
            "earlier": [
                _earlier(text, label, reader, head)
                for text in reversed(facts.earlier[-_MOST_EARLIER:])
            ],
        },
        headers=tuple(headers),
        sender_name=f"{label or 'anonymous'} (SMS)",
        reply_to=None if facts.reply_to is None else (label, facts.reply_to),
        references=facts.references,
    )


def _earlier(text: EarlierText, customer: str, reader: Reader, head: Letterhead) -> Earlier:
    nobody = head.site_name if text.outgoing else customer
    return Earlier(
        when=moment_in_words(moment_at(text.at, reader.zone), reader.language),
        who=isolated(plain(text.by, _NAME)) or nobody,
        outgoing=text.outgoing,
        body=plain_lines(text.body, _LONGEST_EARLIER),
    )


def correspondent(number: str, country: str) -> Caller:
    """Who is at the other end of a text: a number, a short code or a sender's name.

    Only E.164 is read as a number: of "888DANA" the library would make one.
    """
    if _E164.fullmatch(number) and read_number(number, country) is not None:
        return read_caller(number, "", country)
    name = isolated(plain(number, _NAME))
    return Caller(name=name, number="", link="", bare=ascii_only(number, HEADER_WORD))


def samples(reader: Reader, head: Letterhead) -> Iterable[Letter]:
    asked = EarlierText(SAMPLE_TIME, False, "", "Halo")
    answered = EarlierText(SAMPLE_TIME, True, "Sari", "Halo")
    full = TextFacts(
        number="+628123456789",
        own_number="+62811000111",
        gateway="modem1",
        received_at=SAMPLE_TIME,
        body="Halo,\nbesok buka jam berapa?",
        incomplete=True,
        earlier=(asked, answered),
        reply_to=head.sender_address,
        keyword="INFO",
    )
    bare = TextFacts("TELKOMSEL", None, "modem1", SAMPLE_TIME, "Kuota Anda 3 GB")
    return [letter(facts, reader, head) for facts in (full, bare)]
