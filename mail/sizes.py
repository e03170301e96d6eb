"""Which forms of a recording to try, so that the message fits what the server takes."""

from __future__ import annotations

from dataclasses import dataclass

from mail.audio import Form
from pbx.voicemail import Attach

_WAV_BYTES = 16_000  # a second of Asterisk's wav: 8 kHz, 16 bit
# Bits a second: the first of each is the usual one. Below 8,000 speech is hard to follow.
_LADDERS: dict[Form, tuple[int, ...]] = {
    "mp3": (32_000, 16_000, 8_000),
    "opus": (24_000, 12_000, 8_000),
}
# What opus may take above the rate that it is asked for.
_OPUS_SLACK = 1.25
_LETTER = 32 * 1024  # bytes for the headers, the text and the page
_LINE = 76  # characters of base64 in a line (RFC 2045, 6.8)


@dataclass(frozen=True, slots=True)
class Attempt:
    """One form to try. bitrate: bits a second, None for wav and none."""

    form: Attach
    bitrate: int | None = None


def smaller(form: Attach, size_limit: int | None, duration: float) -> tuple[Attempt, ...]:
    """The forms to try, ever smaller, that should fit; the last is always none.

    An estimate: what comes out is measured by who sends it, and the next is tried.

    Arguments:
        form: what the person wants.
        size_limit: the server's SIZE, bytes of the whole message; None when it has none.
        duration: seconds of sound.
    """
    attempts = [
        attempt
        for attempt in _ever_smaller(form)
        if size_limit is None or wire_size(_bytes(attempt, duration)) + _LETTER <= size_limit
    ]
    return (*attempts, Attempt("none"))


def wire_size(size: int) -> int:
    """Bytes that `size` bytes take in base64 with its line ends."""
    characters = (size + 2) // 3 * 4
    return characters + 2 * -(-characters // _LINE)


def _ever_smaller(form: Attach) -> list[Attempt]:
    """The wanted form, then what every client plays, from large to small."""
    if form == "none":
        return []
    if form == "wav":
        return [Attempt("wav"), *_ever_smaller("mp3")]
    return [Attempt(form, bitrate) for bitrate in _LADDERS[form]]


def _bytes(attempt: Attempt, duration: float) -> int:
    if attempt.bitrate is None:
        return int(duration * _WAV_BYTES)
    slack = _OPUS_SLACK if attempt.form == "opus" else 1.0
    return int(duration * attempt.bitrate / 8 * slack)
