"""The head of a wav file, from any bytes at all."""

from hypothesis import given
from hypothesis import strategies as st

from mail.riff import mended, read_wav, wav_of_pcm


@given(st.binary(max_size=200))
def test_any_bytes_are_read_without_an_error(junk):
    for content in (junk, b"RIFF\0\0\0\0WAVE" + junk, wav_of_pcm(junk, 8000)):
        wav = read_wav(content)
        if wav is not None:
            assert 0 < wav.size <= len(content) - wav.start
            assert wav.duration > 0


@given(st.binary(min_size=2, max_size=100), st.integers(min_value=0, max_value=2**32 - 1))
def test_mending_makes_a_head_that_tells_the_truth(samples, claimed):
    whole = wav_of_pcm(samples, 8000)
    content = whole[:40] + claimed.to_bytes(4, "little") + whole[44:]
    wav = read_wav(content)
    if wav is None:
        assert claimed == 1
        return
    again = read_wav(mended(content, wav))
    assert again is not None
    assert again.true
    assert again.size == wav.size


def test_a_form_that_is_too_short_to_be_one_is_none():
    # Its sixteen bytes would reach into what follows, the length of the samples among them.
    short = b"RIFF,\0\0\0WAVEfmt \x03\0\0\0abc\x01data\0\0\0\x54\x03\0\x01\0"
    assert read_wav(short) is None
