"""Recordings as Asterisk writes them, made into what a web client plays in the page."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from mail.errors import MailError
from mail.riff import mended, read_wav

Form = Literal["wav", "mp3", "opus"]


class UnreadableAudio(MailError):
    """A recording that holds no sound that can be read."""


@dataclass(frozen=True, slots=True)
class Audio:
    """A recording, ready to attach.

    extension: of a file name, without the dot. duration: seconds.
    """

    content: bytes = field(repr=False)
    content_type: str
    extension: str
    duration: float


@dataclass(frozen=True, slots=True)
class Source:
    """How ffmpeg reads a file of Asterisk's; the rate is given where the file does not say."""

    container: str
    rate: int | None = None


# Asterisk's file name endings (formats/format_*.c), in lower case: WAV is GSM in a wav file.
_SOURCES = {
    **dict.fromkeys(("wav", "wav16", "wav49"), Source("wav")),
    "gsm": Source("gsm"),
    **dict.fromkeys(("pcm", "ulaw", "ul", "mu", "ulw"), Source("mulaw", 8000)),
    **dict.fromkeys(("alaw", "al", "alw"), Source("alaw", 8000)),
    **dict.fromkeys(("sln", "slin", "sln8", "raw"), Source("s16le", 8000)),
    "sln16": Source("s16le", 16000),
    "sln32": Source("s16le", 32000),
    "sln48": Source("s16le", 48000),
    "g722": Source("g722"),
    "ogg": Source("ogg"),
    "mp3": Source("mp3"),
}


def convert(source: Path, form: Form, *, bitrate: int | None = None) -> Audio:
    """Make an attachment of a recording. Blocks (disk, CPU): call it in a thread.

    A PCM wav asked for as wav stays as it is, byte for byte, but for a head that lies about its
    length. A file that breaks off or has bad spots is taken as far as it can be read. The same
    source gives the same bytes each time.

    Arguments:
        bitrate: bits a second for mp3 and opus; wav has none.

    Raises:
        UnreadableAudio: empty, no sound in it, or not of a form that Asterisk records.
        OSError: the file is not there or cannot be read.
    """
    how = _SOURCES.get(source.suffix.lstrip(".").lower())
    if how is None:
        raise UnreadableAudio(
            f"{source}: no form of recording that is known. Record as wav (voicemail.conf, format)."
        )
    if source.stat().st_size == 0:
        raise UnreadableAudio(f"{source}: the recording is empty.")
    if form == "wav" and (whole := _as_it_is(source, how)):
        return whole
    # ffmpeg's libraries take 16 MB; a site that sends wav never needs them.
    from mail import transcode  # noqa: PLC0415

    if form == "wav":
        return transcode.as_pcm(source, how)
    return transcode.encoded(source, how, form, bitrate)


def _as_it_is(source: Path, how: Source) -> Audio | None:
    if how.container != "wav":
        return None
    content = source.read_bytes()
    wav = read_wav(content)
    if wav is None or not wav.pcm:
        return None
    return Audio(mended(content, wav), "audio/x-wav", "wav", wav.duration)
