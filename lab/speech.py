"""Speech for the lab's calls, out of Asterisk's own recorded prompts."""

from __future__ import annotations

import io
import math
import wave
from array import array
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import av
from av.audio.codeccontext import AudioCodecContext

from lab.errors import LabError

RATE = 8000  # samples a second, as a telephone has them
ALAW_SILENCE = b"\xd5"  # G.711: the code of zero


@dataclass(frozen=True)
class Speech:
    """Sound of a known length and loudness. pcm: 16-bit little-endian samples, 8 kHz, mono."""

    pcm: bytes

    @property
    def seconds(self) -> float:
        """Its length in seconds."""
        return len(self.pcm) / (2 * RATE)

    @property
    def loudness(self) -> float:
        """The mean loudness in dBFS: 0 is the loudest possible, silence is -inf."""
        return loudness(self.pcm)

    @cached_property
    def alaw(self) -> bytes:
        """The sound in G.711 A-law, 8000 bytes a second, as a phone sends it."""
        encoder = av.CodecContext.create("pcm_alaw", "w")
        assert isinstance(encoder, AudioCodecContext)
        encoder.sample_rate = RATE
        encoder.layout = "mono"
        encoder.format = "s16"
        frame = av.AudioFrame(format="s16", layout="mono", samples=len(self.pcm) // 2)
        frame.sample_rate = RATE
        # A plane may be longer than its samples.
        plane = frame.planes[0]
        plane.update(self.pcm.ljust(plane.buffer_size, b"\0"))
        packets = [*encoder.encode(frame), *encoder.encode(None)]
        return b"".join(bytes(packet) for packet in packets)

    def wav(self) -> bytes:
        """The sound as a wav file."""
        stream = io.BytesIO()
        with wave.open(stream, "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(RATE)
            file.writeframes(self.pcm)
        return stream.getvalue()


def from_prompt(sounds: Path, seconds: float, name: str = "demo-congrats") -> Speech:
    """Make speech from a prompt: cut after `seconds`, said again when it is shorter.

    sounds: Asterisk's folder of prompts in GSM 06.10. name: the prompt. Raises LabError.
    """
    spoken = read_audio(sounds / f"{name}.gsm", "gsm").pcm
    wanted = 2 * round(seconds * RATE)
    return Speech((spoken * (wanted // len(spoken) + 1))[:wanted])


def read_audio(file: Path, format: str | None = None) -> Speech:
    """Read a sound file of any kind. format: its kind, where the file does not say.

    Raises LabError when it is no sound.
    """
    resampler = av.AudioResampler(format="s16", layout="mono", rate=RATE)
    pcm = bytearray()
    try:
        with av.open(str(file), format=format) as container:
            for frame in container.decode(audio=0):
                for part in resampler.resample(frame):
                    pcm += bytes(part.planes[0])[: 2 * part.samples]
            for part in resampler.resample(None):
                pcm += bytes(part.planes[0])[: 2 * part.samples]
    except (av.FFmpegError, OSError, IndexError) as trouble:
        raise LabError(f"{file} is no sound that can be read: {trouble}") from trouble
    if not pcm:
        raise LabError(f"{file} has no sound in it")
    return Speech(bytes(pcm))


def loudness(pcm: bytes) -> float:
    """The mean loudness of 16-bit samples in dBFS."""
    samples = array("h", pcm)
    mean_square = sum(sample * sample for sample in samples) / max(len(samples), 1)
    return 10 * math.log10(mean_square / 32768**2) if mean_square else -math.inf
