"""Speech for calls."""

import math
import wave
from array import array
from io import BytesIO
from pathlib import Path

import pytest

from lab.errors import LabError
from lab.speech import RATE, Speech, from_prompt, loudness, read_audio

TONE = Speech(
    array("h", (round(16384 * math.sin(i / 4)) for i in range(RATE))).tobytes()  # one second
)


def test_a_tone_at_half_scale_is_nine_decibels_below_the_loudest() -> None:
    assert TONE.loudness == pytest.approx(-9.03, abs=0.1)


def test_silence_has_no_loudness() -> None:
    assert loudness(b"\0" * 100) == -math.inf
    assert loudness(b"") == -math.inf


def test_a_law_is_one_byte_a_sample_and_silence_is_d5() -> None:
    assert len(TONE.alaw) == RATE
    assert set(Speech(b"\0\0" * 80).alaw) == {0xD5}


def test_a_wav_file_says_what_it_holds_and_reads_back_the_same(tmp_path: Path) -> None:
    with wave.open(BytesIO(TONE.wav())) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (RATE, 1, 2)
    (tmp_path / "tone.wav").write_bytes(TONE.wav())
    assert read_audio(tmp_path / "tone.wav").pcm == TONE.pcm


@pytest.mark.parametrize("seconds", [0.5, 1.0, 2.5])
def test_a_prompt_is_cut_or_said_again_to_the_length_asked_for(
    tmp_path: Path, seconds: float
) -> None:
    # GSM 06.10: 33 bytes are 20 ms, and begin with the nibble D.
    (tmp_path / "hello.gsm").write_bytes((b"\xd5" + b"\x5a" * 32) * 50)
    assert from_prompt(tmp_path, seconds, "hello").seconds == seconds


def test_what_is_no_sound_is_an_error_that_names_the_file(tmp_path: Path) -> None:
    for name, content in (("text.wav", b"hello"), ("empty.wav", b"")):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(LabError, match=name):
            read_audio(tmp_path / name)
    with pytest.raises(LabError, match=r"missing\.gsm"):
        from_prompt(tmp_path, 1, "missing")
