"""Recordings as Asterisk writes them, made into what a web client plays in the page."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import av
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.container import OutputContainer

from mail.errors import MailError
from mail.riff import mended, read_wav, wav_of_pcm

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
class _Source:
    """How ffmpeg reads a file of Asterisk's; the rate is given where the file does not say."""

    container: str
    rate: int | None = None


# Asterisk's file name endings (formats/format_*.c), in lower case: WAV is GSM in a wav file.
_SOURCES = {
    **dict.fromkeys(("wav", "wav49"), _Source("wav")),
    "gsm": _Source("gsm"),
    **dict.fromkeys(("pcm", "ulaw", "ul", "mu", "ulw"), _Source("mulaw", 8000)),
    **dict.fromkeys(("alaw", "al", "alw"), _Source("alaw", 8000)),
    **dict.fromkeys(("sln", "slin", "sln8", "raw"), _Source("s16le", 8000)),
    "sln16": _Source("s16le", 16000),
    "sln32": _Source("s16le", 32000),
    "sln48": _Source("s16le", 48000),
    "g722": _Source("g722"),
    "ogg": _Source("ogg"),
    "mp3": _Source("mp3"),
}


@dataclass(frozen=True, slots=True)
class _Target:
    """bitrate: bits a second where none is asked for. options: the encoder's."""

    container: str
    codec: str
    content_type: str
    extension: str
    bitrate: int
    options: dict[str, str]


_TARGETS = {
    "mp3": _Target("mp3", "libmp3lame", "audio/mpeg", "mp3", 32_000, {}),
    # Constrained, so that a noisy line cannot make the file much larger than was planned for.
    "opus": _Target(
        "ogg", "libopus", "audio/ogg", "ogg", 24_000, {"application": "voip", "vbr": "constrained"}
    ),
}
# MPEG-2 layer III. Not the 8 kHz of MPEG 2.5, which some players do not know.
_MP3_RATE = 16_000


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
    if form == "wav":
        return _as_it_is(source, how) or _as_pcm(source, how)
    return _encoded(source, how, _TARGETS[form], bitrate)


def _as_it_is(source: Path, how: _Source) -> Audio | None:
    if how.container != "wav":
        return None
    content = source.read_bytes()
    wav = read_wav(content)
    if wav is None or not wav.pcm:
        return None
    return Audio(mended(content, wav), "audio/x-wav", "wav", wav.duration)


def _as_pcm(source: Path, how: _Source) -> Audio:
    samples = io.BytesIO()
    rate = 0
    resampler: AudioResampler | None = None
    for frame in _frames(source, how):
        if resampler is None:
            rate = frame.sample_rate
            resampler = AudioResampler(format="s16", layout="mono", rate=rate)
        for plain in resampler.resample(frame):
            samples.write(bytes(plain.planes[0])[: plain.samples * 2])
    content = samples.getvalue()
    if not content:
        raise _no_sound(source)
    return Audio(wav_of_pcm(content, rate), "audio/x-wav", "wav", len(content) / (rate * 2))


def _encoded(source: Path, how: _Source, target: _Target, bitrate: int | None) -> Audio:
    content = io.BytesIO()
    duration = 0.0
    # bitexact: no random stream number and no version in the file, so that a retry is the same.
    with av.open(content, "w", format=target.container, options={"fflags": "+bitexact"}) as out:
        stream = None
        for frame in _frames(source, how):
            if stream is None:
                rate = _MP3_RATE if target.codec == "libmp3lame" else _opus_rate(frame.sample_rate)
                stream = _new_stream(out, target, rate)
                stream.bit_rate = bitrate or target.bitrate
            duration += frame.samples / frame.sample_rate
            out.mux(stream.encode(frame))
        if stream is None:
            raise _no_sound(source)
        out.mux(stream.encode(None))
    return Audio(content.getvalue(), target.content_type, target.extension, duration)


def _new_stream(out: OutputContainer, target: _Target, rate: int) -> AudioStream:
    stream = out.add_stream(target.codec, rate=rate, layout="mono", options=dict(target.options))
    assert isinstance(stream, AudioStream)
    return stream


def _frames(source: Path, how: _Source) -> Iterator[AudioFrame]:
    """Decode as far as it goes, over bad spots, up to where the container itself breaks off."""
    options = {} if how.rate is None else {"sample_rate": str(how.rate)}
    try:
        with av.open(f"file:{source}", format=how.container, options=options) as container:
            if not container.streams.audio:
                return
            for packet in container.demux(container.streams.audio[0]):
                try:
                    frames = packet.decode()
                except av.FFmpegError:
                    continue
                for frame in frames:
                    # Time stamps of a damaged file jump; the samples alone say how long it is.
                    frame.pts = None
                    yield frame
    except av.FFmpegError as error:
        if isinstance(error, OSError):
            raise
        return


def _opus_rate(rate: int) -> int:
    return 8000 if rate <= 8000 else 16_000


def _no_sound(source: Path) -> UnreadableAudio:
    return UnreadableAudio(f"{source}: there is no sound in it that can be read.")
