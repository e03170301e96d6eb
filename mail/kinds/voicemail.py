"""A message that a caller left."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from datetime import datetime
from typing import Literal, get_args

import structlog

from ledger.facts import VoicemailFacts
from mail.audio import Audio, UnreadableAudio, convert
from mail.caller import Caller, read_caller
from mail.kinds.kind import SAMPLE_TIME, Occasion, Version
from mail.letters import Attachment, Letter, Letterhead, Reader
from mail.plain import HEADER_WORD, ascii_only
from mail.sizes import Attempt, smaller
from mail.words import clock, length_in_words, moment_in_words
from pbx.voicemail import Attach

AudioMissing = Literal["not-wanted", "too-large", "unreadable"]
"""Why no recording is attached: by the person's wish, the server's SIZE, or a broken file."""


def versions(facts: VoicemailFacts, occasion: Occasion) -> Iterator[Version]:
    """With the recording as the person wants it, then smaller, and without it at last."""
    wanted = _wanted(occasion)
    missing: AudioMissing = "not-wanted" if wanted == "none" else "too-large"
    usual = smaller(wanted, None, facts.duration)[0]
    for attempt in smaller(wanted, occasion.limit, facts.duration):
        if attempt.form == "none":
            break
        try:
            audio = _audio(occasion, attempt)
        except (UnreadableAudio, FileNotFoundError) as error:
            structlog.get_logger(part="writer").warning(
                "recording cannot be attached", entry=occasion.entry.id, reason=str(error)
            )
            missing = "unreadable"
            break
        note = None if attempt == usual else f"audio made smaller: {attempt.form}"
        with_audio = letter(facts, occasion.reader, occasion.head, audio)
        yield Version(with_audio, note, smallest=False)
    without = letter(facts, occasion.reader, occasion.head, None, missing)
    note = None if missing == "not-wanted" else f"without audio: {missing}"
    yield Version(without, note, whole=False)


def letter(
    facts: VoicemailFacts,
    reader: Reader,
    head: Letterhead,
    audio: Audio | None,
    missing: AudioMissing = "not-wanted",
) -> Letter:
    """audio: the recording, or None and then `missing` says why."""
    caller = read_caller(facts.caller_number, facts.caller_name, head.country)
    left_at = datetime.fromtimestamp(facts.left_at, reader.zone)
    mailbox = facts.mailbox.partition("@")[0]
    return Letter(
        reader=reader,
        kind=facts.KIND,
        template=facts.KIND,
        context={
            "caller": caller,
            "when": moment_in_words(left_at, reader.language),
            "mailbox": mailbox,
            "clock": clock(facts.duration),
            "length": length_in_words(facts.duration, reader.language),
            "waiting": facts.waiting,
            "attached": audio is not None,
            "missing": missing,
        },
        headers=(
            ("X-Voxpost-Mailbox", ascii_only(mailbox, HEADER_WORD)),
            ("X-Voxpost-Caller", caller.bare or "anonymous"),
            ("X-Voxpost-Duration", str(round(facts.duration))),
        ),
        attachment=None if audio is None else _attachment(audio, left_at, caller),
    )


def samples(reader: Reader, head: Letterhead) -> Iterator[Letter]:
    audio = Audio(b"RIFF", "audio/x-wav", "wav", 65)
    for caller in (("08123456789", "Bu Ani"), ("anonymous", "")):
        facts = VoicemailFacts("1001@default", "1-0", *caller, SAMPLE_TIME, 65, 1)
        yield letter(facts, reader, head, audio)
        for missing in get_args(AudioMissing):
            yield letter(facts, reader, head, None, missing)


def _wanted(occasion: Occasion) -> Attach:
    site, person = occasion.site, occasion.person
    return site.voicemail.attach if person is None else site.attach_of(person)


def _audio(occasion: Occasion, attempt: Attempt) -> Audio:
    name = occasion.entry.audio
    if name is None:
        raise UnreadableAudio("Asterisk kept no audio with this message.")
    assert attempt.form != "none"
    file = occasion.spool.path(name)
    if not stat.S_ISREG(file.lstat().st_mode):
        raise UnreadableAudio(f"{file} is no ordinary file.")
    return convert(file, attempt.form, bitrate=attempt.bitrate)


def _attachment(audio: Audio, left_at: datetime, caller: Caller) -> Attachment:
    """Named such as voicemail-2026-11-21-2152-08123456789.wav."""
    number = "".join(c for c in caller.number if c.isascii() and c.isalnum())[:30]
    stem = f"voicemail-{left_at:%Y-%m-%d-%H%M}-{number or 'anonymous'}"
    file_name = f"{stem}.{audio.extension}"
    return Attachment(audio.content, audio.content_type, file_name, inline=True)
