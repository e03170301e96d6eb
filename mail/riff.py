"""Reads the head of a wav file, and mends the head of one whose recorder never came back to it."""

from __future__ import annotations

import struct
from dataclasses import dataclass

_PCM, _EXTENSIBLE = 0x0001, 0xFFFE
_HEAD = struct.Struct("<4sI4s")
_CHUNK = struct.Struct("<4sI")
_FORMAT = struct.Struct("<HHIIHH")


@dataclass(frozen=True, slots=True)
class Wav:
    """What the head of a wav file says, and where the samples really are.

    start, size: of the samples, bytes; size is what is there, not what the head claims.
    true: whether the head claims the same.
    """

    pcm: bool
    channels: int
    rate: int
    block: int
    start: int
    size: int
    true: bool

    @property
    def duration(self) -> float:
        """Seconds of sound, for PCM."""
        return self.size / (self.rate * self.block)


def read_wav(content: bytes) -> Wav | None:
    """Read the chunks up to the samples; None where it is no wav file, or one without samples.

    Asterisk writes a data length of 0 first and the true one on hang-up; where it was killed in
    between, the samples reach to the end of the file.
    """
    if len(content) < _HEAD.size or content[:4] != b"RIFF" or content[8:12] != b"WAVE":
        return None
    sound: tuple[int, ...] | None = None
    at = _HEAD.size
    while at + _CHUNK.size <= len(content):
        name, length = _CHUNK.unpack_from(content, at)
        at += _CHUNK.size
        if name == b"fmt " and length >= _FORMAT.size <= len(content) - at:
            sound = _FORMAT.unpack_from(content, at)
        elif name == b"data":
            return None if sound is None else _samples(content, at, length, sound)
        at += length + length % 2
    return None


def mended(content: bytes, wav: Wav) -> bytes:
    """The same file with a head that tells the truth; the very same bytes where it does."""
    if wav.true:
        return content
    end = wav.start + wav.size
    head = bytearray(content[: wav.start])
    struct.pack_into("<I", head, 4, end - 8)
    struct.pack_into("<I", head, wav.start - 4, wav.size)
    return bytes(head) + content[wav.start : end]


def wav_of_pcm(samples: bytes, rate: int) -> bytes:
    """A wav file of 16 bit mono samples, little-endian; `rate` in samples a second."""
    form = _FORMAT.pack(_PCM, 1, rate, rate * 2, 2, 16)
    head = _HEAD.pack(b"RIFF", 36 + len(samples), b"WAVE") + _CHUNK.pack(b"fmt ", len(form)) + form
    return head + _CHUNK.pack(b"data", len(samples)) + samples


def _samples(content: bytes, start: int, claimed: int, sound: tuple[int, ...]) -> Wav | None:
    tag, channels, rate, _, block, _ = sound
    there = len(content) - start
    size = claimed if 0 < claimed <= there else there
    size -= size % block if block else 0
    if not (size and rate and block and channels):
        return None
    pcm = tag in {_PCM, _EXTENSIBLE}
    return Wav(pcm, channels, rate, block, start, size, true=size == claimed)
