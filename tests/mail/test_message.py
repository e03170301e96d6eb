"""The wire form, and addresses that libraries would change."""

import base64
import re
from dataclasses import replace

import aiosmtplib.email
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mail.message import BadMessage, Message


def a_message(content: bytes) -> Message:
    return Message("a@x.example", "b@x.example", "<1@x.example>", content)


@given(st.binary(max_size=200_000), st.integers(0, 2))
def test_a_recording_goes_out_in_lines_of_76_characters(recording, dots):
    message = replace(a_message(b"x\r\n"), recording=recording, tail=b"." * dots + b"end\r\n")
    lines = base64.encodebytes(recording).replace(b"\n", b"\r\n")
    assert message.content == b"x\r\n" + lines + b"." * dots + b"end\r\n"
    assert message.size == len(message.content)
    stuffed = b"." if dots else b""
    assert b"".join(message.wire()) == (b"x\r\n" + lines + stuffed + b"." * dots + b"end\r\n.\r\n")


@given(st.lists(st.from_regex(rb"\A[.a]{0,5}\Z"), min_size=1))
def test_dots_are_stuffed_as_the_rfc_says(lines):
    content = b"".join(line + b"\r\n" for line in lines)
    expected = re.sub(rb"(?m)^\.", b"..", content)
    assert b"".join(a_message(content).wire()) == expected + b".\r\n"


@pytest.mark.parametrize("content", [b"a\n.\r\n", b"a\r\r\n", b"a\r.\r\n", b"a", b"", b"a\r\nb"])
def test_bare_line_ends_that_smuggle_a_second_mail_are_refused(content):
    with pytest.raises(BadMessage):
        a_message(content)


@pytest.mark.parametrize(
    "address",
    [
        "",
        "sari",
        "sari@klinik.example (x)",
        "Sari <sari@x.example>",
        "a b@x.example",
        "é@x.example",
    ],
)
def test_odd_addresses_rewritten_silently_never_reach_the_library(address):
    with pytest.raises(BadMessage):
        replace(a_message(b"x\r\n"), recipient=address)
    with pytest.raises(BadMessage):
        replace(a_message(b"x\r\n"), sender=address)


def test_the_library_does_rewrite_odd_addresses():
    # The fault that the test above keeps away from users.
    assert aiosmtplib.email.parse_address("sari@klinik.example (x)") == "sari@klinik.example"


def test_a_message_for_nobody_is_refused():
    with pytest.raises(BadMessage):
        replace(a_message(b"x\r\n"), recipient="")
