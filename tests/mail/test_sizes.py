"""Ever smaller forms of a recording."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mail.sizes import Attempt, smaller, wire_size

ZIMBRA = 10_240_000


def test_without_a_limit_everything_may_be_tried():
    assert smaller("wav", None, 60) == (
        Attempt("wav"),
        Attempt("mp3", 32_000),
        Attempt("mp3", 16_000),
        Attempt("mp3", 8_000),
        Attempt("none"),
    )


@pytest.mark.parametrize(
    ("form", "minutes", "first"),
    [
        ("wav", 5, Attempt("wav")),
        ("wav", 7.5, Attempt("wav")),
        ("wav", 8, Attempt("mp3", 32_000)),
        ("mp3", 60, Attempt("mp3", 16_000)),
        ("opus", 60, Attempt("opus", 12_000)),
        ("wav", 600, Attempt("none")),
        ("none", 1, Attempt("none")),
    ],
)
def test_what_fits_zimbras_size_is_tried_first(form, minutes, first):
    assert smaller(form, ZIMBRA, minutes * 60)[0] == first


@given(st.sampled_from(["wav", "mp3", "opus", "none"]), st.integers(0), st.floats(0, 1e5))
def test_the_last_is_always_none(form, limit, duration):
    attempts = smaller(form, limit, duration)
    assert attempts[-1] == Attempt("none")
    assert len(set(attempts)) == len(attempts)


@given(st.binary(max_size=400))
def test_the_size_on_the_wire_is_exact(content):
    assert wire_size(len(content)) == len(base64.encodebytes(content).replace(b"\n", b"\r\n"))
