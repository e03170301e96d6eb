"""Recordings as Asterisk leaves them, and what becomes of them."""

import io
import math
import struct

import av
import pytest

from mail.audio import UnreadableAudio, convert
from mail.riff import wav_of_pcm

RATE = 8000
# One frame of GSM 06.10 (33 bytes, magic 0xD): silence as every encoder writes it.
GSM_FRAME = bytes.fromhex("d820a2e15a5000492492492450004924924924500049249249245000492492492" + "4")


def tone(seconds: float) -> bytes:
    count = int(seconds * RATE)
    return b"".join(
        struct.pack("<h", int(9000 * math.sin(2 * math.pi * 440 * i / RATE))) for i in range(count)
    )


def wav49(blocks: int) -> bytes:
    data = bytes(65) * blocks
    form = struct.pack("<HHIIHHHH", 0x31, 1, RATE, 1625, 65, 0, 2, 320)
    fact = b"fact" + struct.pack("<II", 4, blocks * 320)
    head = b"WAVEfmt " + struct.pack("<I", len(form)) + form + fact
    body = head + b"data" + struct.pack("<I", len(data)) + data
    return b"RIFF" + struct.pack("<I", len(body)) + body


def unfinished(wav: bytes) -> bytes:
    """As Asterisk writes it until the caller hangs up."""
    return wav[:4] + struct.pack("<I", 36) + wav[8:40] + bytes(4) + wav[44:]


def played(content: bytes) -> tuple[str, float]:
    with av.open(io.BytesIO(content)) as container:
        seconds = sum(frame.samples / frame.sample_rate for frame in container.decode(audio=0))
        return container.format.name, seconds


def loudness(content: bytes) -> float:
    with av.open(io.BytesIO(content)) as container:
        resampler = av.AudioResampler(format="s16", layout="mono", rate=RATE)
        samples = b"".join(
            bytes(out.planes[0])[: out.samples * 2]
            for frame in container.decode(audio=0)
            for out in resampler.resample(frame)
        )
    values = struct.unpack(f"<{len(samples) // 2}h", samples)
    return math.sqrt(sum(value * value for value in values) / len(values))


@pytest.fixture
def record(tmp_path):
    def write(name, content):
        file = tmp_path / name
        file.write_bytes(content)
        return file

    return write


def test_a_pcm_wav_is_passed_through_untouched(record):
    wav = wav_of_pcm(tone(1.5), RATE)
    audio = convert(record("msg0000.wav", wav), "wav")
    assert audio.content == wav
    assert (audio.content_type, audio.extension, audio.duration) == ("audio/x-wav", "wav", 1.5)


def test_an_unfinished_wav_gets_the_head_that_asterisk_had_no_time_to_write(record):
    wav = wav_of_pcm(tone(1.0), RATE)
    audio = convert(record("msg0000.wav", unfinished(wav)), "wav")
    assert audio.content == wav
    assert audio.duration == 1.0


def test_a_truncated_wav_is_delivered_as_far_as_it_goes(record):
    wav = wav_of_pcm(tone(2.0), RATE)
    audio = convert(record("msg0000.wav", wav[: 44 + 8001]), "wav")
    assert audio.duration == 0.5
    assert played(audio.content) == ("wav", 0.5)


def test_what_follows_the_samples_stays(record):
    wav = wav_of_pcm(tone(0.5), RATE) + b"LIST" + struct.pack("<I", 4) + b"INFO"
    audio = convert(record("msg0000.wav", wav), "wav")
    assert audio.content == wav
    assert audio.duration == 0.5


@pytest.mark.parametrize("target", [("mp3", "audio/mpeg", "mp3"), ("opus", "audio/ogg", "ogg")])
@pytest.mark.parametrize(
    ("name", "content", "seconds"),
    [
        ("msg0000.wav", wav_of_pcm(tone(2.0), RATE), 2.0),
        ("msg0000.wav", unfinished(wav_of_pcm(tone(2.0), RATE)), 2.0),
        ("msg0000.WAV", wav49(50), 2.0),
        ("msg0000.gsm", GSM_FRAME * 100, 2.0),
        ("msg0000.ulaw", b"\xff\x80" * RATE, 2.0),
        ("msg0000.alaw", b"\xd5\x55" * RATE, 2.0),
        ("msg0000.sln", tone(2.0), 2.0),
        ("msg0000.sln16", tone(4.0), 2.0),
    ],
)
def test_every_form_of_asterisks_becomes_one_that_browsers_play(
    record, name, content, seconds, target
):
    form, content_type, container = target
    audio = convert(record(name, content), form)
    assert audio.content_type == content_type
    assert audio.duration == pytest.approx(seconds, abs=0.05)
    found, lasts = played(audio.content)
    assert container in found
    assert lasts == pytest.approx(seconds, abs=0.15)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.WAV", wav49(50)),
        ("a.wav49", wav49(50)),
        ("a.gsm", GSM_FRAME * 100),
        ("a.pcm", b"\xff\x80" * RATE),
        ("a.al", b"\xd5\x55" * RATE),
        ("a.raw", tone(2.0)),
    ],
)
def test_every_form_of_asterisks_becomes_pcm_wav(record, name, content):
    audio = convert(record(name, content), "wav")
    assert audio.content_type == "audio/x-wav"
    assert audio.duration == pytest.approx(2.0, abs=0.01)
    assert played(audio.content) == ("wav", pytest.approx(2.0, abs=0.01))


@pytest.mark.parametrize("form", ["mp3", "opus"])
def test_the_sound_is_still_there(record, form):
    audio = convert(record("a.wav", wav_of_pcm(tone(2.0), RATE)), form)
    assert loudness(audio.content) == pytest.approx(9000 / math.sqrt(2), rel=0.15)


@pytest.mark.parametrize("form", ["wav", "mp3", "opus"])
def test_a_retry_has_the_same_bytes(record, form):
    file = record("a.gsm", GSM_FRAME * 50)
    assert convert(file, form) == convert(file, form)


def test_a_lower_bitrate_is_smaller(record):
    file = record("a.wav", wav_of_pcm(tone(5.0), RATE))
    large, small = (convert(file, "mp3", bitrate=rate) for rate in (32_000, 8_000))
    assert len(small.content) < len(large.content) / 3
    assert len(small.content) == pytest.approx(5000, rel=0.2)


def test_bad_spots_are_skipped(record):
    content = bytearray(GSM_FRAME * 100)
    content[33 * 50] = 0x00
    audio = convert(record("a.gsm", bytes(content)), "wav")
    assert audio.duration > 1.0


@pytest.mark.parametrize("form", ["wav", "mp3", "opus"])
@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.wav", b""),
        ("a.wav", b"hello, this is no sound" * 100),
        ("a.wav", wav_of_pcm(b"", RATE)),
        ("a.wav", wav_of_pcm(tone(1), RATE)[:20]),
        ("a.wav", b"RIFF\0\0\0\0WAVE"),
        ("a.gsm", b"\0" * 10),
        ("a.txt", b"[message]"),
        ("a", b"x"),
    ],
)
def test_what_holds_no_sound_is_said_to_be_unreadable(record, name, content, form):
    with pytest.raises(UnreadableAudio, match="a"):
        convert(record(name, content), form)


@pytest.mark.parametrize("form", ["wav", "mp3"])
def test_a_file_that_is_not_there_is_an_os_error(tmp_path, form):
    with pytest.raises(FileNotFoundError):
        convert(tmp_path / "a.wav", form)
