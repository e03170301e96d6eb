"""Writes an entry of the outbox as a message: facts, site and recording put together."""

from __future__ import annotations

import stat
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

import structlog

from ledger.entries import Entry, MissedCallFacts, VoicemailFacts
from mail.audio import Audio, UnreadableAudio, convert
from mail.compose import compose
from mail.errors import MailError
from mail.interfaces import Written
from mail.letters import (
    AudioMissing,
    Letter,
    Letterhead,
    MissedCallLetter,
    Reader,
    VoicemailLetter,
)
from mail.message import Message
from mail.sizes import Attempt, smaller
from mail.spool import Spool
from mail.texts import Texts, TextsBroken
from pbx.model import Site
from pbx.numbers import Extension
from pbx.voicemail import Attach


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
        site = self._site()
        person = site.by_extension.get(Extension(entry.extension))
        if person is None:
            raise NobodyToWriteTo(
                f"nobody has extension {entry.extension} any more: put the person back into "
                f"the site file and retry, or drop entry {entry.id}."
            )
        # The address may have been mended since, and the message be retried for that.
        address = person.email or entry.recipient
        reader = Reader(person.name, address, site.language_of(person), site.zone_of(person))
        facts = entry.facts
        if isinstance(facts, MissedCallFacts):
            return Written(self._compose(entry, _missed_call(facts, entry, reader)))
        return self._voicemail(entry, facts, reader, site.attach_of(person), limit)

    def _voicemail(
        self,
        entry: Entry,
        facts: VoicemailFacts,
        reader: Reader,
        wanted: Attach,
        limit: int | None,
    ) -> Written:
        missing: AudioMissing = "not-wanted" if wanted == "none" else "too-large"
        usual = smaller(wanted, None, facts.duration)[0]
        for attempt in smaller(wanted, limit, facts.duration):
            if attempt.form == "none":
                break
            try:
                audio = self._audio(entry, attempt)
            except (UnreadableAudio, FileNotFoundError) as error:
                structlog.get_logger(part="writer").warning(
                    "recording cannot be attached", entry=entry.id, reason=str(error)
                )
                missing = "unreadable"
                break
            message = self._compose(entry, _voicemail_letter(facts, reader, audio, missing))
            if limit is None or message.size <= limit:
                note = None if attempt == usual else f"audio made smaller: {attempt.form}"
                return Written(message, note)
        message = self._compose(entry, _voicemail_letter(facts, reader, None, missing))
        note = None if missing == "not-wanted" else f"without audio: {missing}"
        return Written(message, note, smallest=True, whole=False)

    def _audio(self, entry: Entry, attempt: Attempt) -> Audio:
        if entry.audio is None:
            raise UnreadableAudio("Asterisk kept no audio with this message.")
        assert attempt.form != "none"
        file = self._spool.path(entry.audio)
        if not stat.S_ISREG(file.lstat().st_mode):
            raise UnreadableAudio(f"{file} is no ordinary file.")
        return convert(file, attempt.form, bitrate=attempt.bitrate)

    def _stationery_of(self, site: Site) -> _Stationery:
        """Kept until the site file is reread: making it takes longer than writing with it."""
        if self._stationery is None or self._stationery.site is not site:
            self._stationery = _Stationery(
                site, Letterhead.of(site), Texts(site.mail.texts_dir), Texts()
            )
        return self._stationery

    def _compose(self, entry: Entry, letter: Letter) -> Message:
        paper = self._stationery_of(self._site())
        date = datetime.fromtimestamp(int(entry.created), UTC).astimezone(letter.reader.zone)

        def written(texts: Texts) -> Message:
            return compose(letter, paper.head, texts, message_id=entry.message_id, date=date)

        try:
            return written(paper.texts)
        except TextsBroken as error:
            # An own template at fault must not keep a message from anybody.
            structlog.get_logger(part="writer").error("built-in text used", reason=str(error))
            return written(paper.built_in_texts)


def _missed_call(facts: MissedCallFacts, entry: Entry, reader: Reader) -> MissedCallLetter:
    return MissedCallLetter(
        reader=reader,
        extension=entry.extension,
        caller_number=facts.caller_number,
        caller_name=facts.caller_name,
        called_at=datetime.fromtimestamp(facts.called_at, UTC),
        recent=facts.recent,
    )


def _voicemail_letter(
    facts: VoicemailFacts, reader: Reader, audio: Audio | None, missing: AudioMissing
) -> VoicemailLetter:
    return VoicemailLetter(
        reader=reader,
        mailbox=facts.mailbox.partition("@")[0],
        caller_number=facts.caller_number,
        caller_name=facts.caller_name,
        left_at=datetime.fromtimestamp(facts.left_at, UTC),
        duration=facts.duration,
        waiting=facts.waiting,
        audio=audio,
        missing=missing,
    )
