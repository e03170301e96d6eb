"""Writes an entry of the outbox as a message: facts, site and recording put together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

import structlog

from ledger.entries import Entry
from mail.compose import compose
from mail.errors import MailError
from mail.interfaces import Written
from mail.kinds.kind import Occasion
from mail.kinds.registry import KINDS
from mail.letters import Letter, Letterhead, Reader
from mail.message import Message
from mail.spool import Spool
from mail.texts import Texts, TextsBroken
from pbx.model import Site
from pbx.numbers import Extension
from pbx.people import Person


class NobodyToWriteTo(MailError):
    """The person of an entry is no longer in the site file."""


@dataclass(frozen=True, slots=True)
class _Stationery:
    """What all letters of one reading of the site file are written with."""

    site: Site
    head: Letterhead
    texts: Texts
    built_in_texts: Texts


class EntryWriter:
    """The LetterWriter of mail/interfaces.py. Blocking: called in threads.

    Arguments:
        site: called for the site file as it is now.
    """

    def __init__(self, site: Callable[[], Site], spool: Spool) -> None:
        self._site = site
        self._spool = spool
        self._stationery: _Stationery | None = None

    def write(self, entry: Entry, limit: int | None) -> Written:
        """Write in at most `limit` bytes, smaller audio or none where that is needed.

        Raises:
            NobodyToWriteTo: the person is gone from the site file.
            MailError: an address that no server would take.
        """
        paper = self._stationery_of(self._site())
        site = paper.site
        person = _person(entry, site)
        # The address may have been mended since, and the message be retried for that.
        address = entry.recipient if person is None else person.email or entry.recipient
        reader = Reader.at(address, site, person)
        occasion = Occasion(entry, reader, person, site, paper.head, self._spool, limit)
        for version in KINDS[entry.facts.KIND].versions(entry.facts, occasion):
            message = _message(version.letter, entry, paper)
            if limit is None or message.size <= limit:
                break
        return Written(message, version.note, smallest=version.smallest, whole=version.whole)

    def _stationery_of(self, site: Site) -> _Stationery:
        """Kept until the site file is reread: making it takes longer than writing with it."""
        if self._stationery is None or self._stationery.site is not site:
            self._stationery = _Stationery(
                site, Letterhead.of(site), Texts(site.mail.texts_dir), Texts()
            )
        return self._stationery


def _person(entry: Entry, site: Site) -> Person | None:
    """Whom the entry is for; None where it is for an address alone."""
    if not entry.extension:
        return None
    person = site.by_extension.get(Extension(entry.extension))
    if person is None:
        raise NobodyToWriteTo(
            f"nobody has extension {entry.extension} any more: put the person back into "
            f"the site file and retry, or drop entry {entry.id}."
        )
    return person


def _message(letter: Letter, entry: Entry, paper: _Stationery) -> Message:
    date = datetime.fromtimestamp(int(entry.created), UTC).astimezone(letter.reader.zone)

    def written(texts: Texts) -> Message:
        return compose(letter, paper.head, texts, message_id=entry.message_id, date=date)

    try:
        return written(paper.texts)
    except TextsBroken as error:
        # An own template at fault must not keep a message from anybody.
        structlog.get_logger(part="writer").error("built-in text used", reason=str(error))
        return written(paper.built_in_texts)
