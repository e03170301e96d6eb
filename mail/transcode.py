"""Sound of any form that Asterisk records, made into another by ffmpeg.

Its libraries take 16 MB: audio.py imports this file with the first recording that needs it.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import av
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.container import OutputContainer

from mail.audio import Audio, Source, UnreadableAudio
from mail.riff import wav_of_pcm


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


def as_pcm(source: Path, how: Source) -> Audio:
    """The whole sound as a PCM wav. Raises UnreadableAudio, OSError."""
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


def encoded(source: Path, how: Source, form: Literal["mp3", "opus"], bitrate: int | None) -> Audio:
    """The whole sound as mp3 or opus. Raises UnreadableAudio, OSError."""
    target = _TARGETS[form]
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


def _frames(source: Path, how: Source) -> Iterator[AudioFrame]:
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
