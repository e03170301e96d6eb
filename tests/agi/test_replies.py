"""Replies in, byte by byte."""

from unittest.mock import ANY

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agi.errors import ProtocolError
from agi.replies import MAX_REPLY_BYTES, Reply, ReplyReader

# As Asterisk 22 wrote it; note the example reply inside.
USAGE = (
    b"520-Invalid command syntax.  Proper usage follows:\n"
    b"Returns <literal>0</literal> if <replaceable>variablename</replaceable> is not set.\n"
    b"Example return code: 200 result=1 (testvariable)\n"
    b"200 result=1 (testvariable)\n"
    b"520 End of proper usage.\n"
)


def read_all(*chunks: bytes) -> tuple[list[Reply], ReplyReader]:
    reader = ReplyReader()
    replies = []
    for chunk in chunks:
        reader.feed(chunk)
        while (reply := reader.next_reply()) is not None:
            replies.append(reply)
    return replies, reader


@pytest.mark.parametrize(
    ("line", "result", "value"),
    [
        (b"200 result=1", "1", None),
        (b"200 result=0", "0", None),
        (b"200 result=-1", "-1", None),
        (b"200 result=1 ()", "1", ""),
        (b'200 result=1 (A "b" (c\\)', "1", 'A "b" (c\\'),
        (b"200 result=1 (a) (b)", "1", "a) (b"),
        (b"200 result=1 (hangup)", "1", "hangup"),
        (b"200 result=1 (HANGUP)", "1", "HANGUP"),
        (b"200 result=0 endpos=80", "0", None),
        (b"200 result=35 (dtmf) endpos=8000", "35", "dtmf"),
        (b"200 result=12# (timeout)", "12#", "timeout"),
        (b"200 result= (timeout)", "", "timeout"),
        (b"200 result=1 (Jos\xc3\xa9)", "1", "José"),
        (b"200 result=1 (\xff)", "1", "\ufffd"),
    ],
)
def test_results_are_read_with_their_values(line: bytes, result: str, value: str | None) -> None:
    (reply,), _ = read_all(line + b"\n")
    assert (reply.code, reply.result, reply.value) == (200, result, value)


def test_510_and_511_are_replies() -> None:
    replies, _ = read_all(
        b"510 Invalid or unknown command\n",
        b"511 Command Not Permitted on a dead channel or intercept routine\n",
    )
    assert [reply.code for reply in replies] == [510, 511]


def test_a_520_is_read_up_to_its_closing_line_and_no_further() -> None:
    replies, _ = read_all(USAGE + b"200 result=1\n")
    assert [reply.code for reply in replies] == [520, 200]
    assert "Example return code" in replies[0].text


@given(st.integers(0, len(USAGE) - 1), st.booleans())
def test_hangup_ahead_of_a_reply_is_not_taken_for_it(cut: int, first: bool) -> None:
    stream = b"HANGUP\n200 result=1 (a)\n" if first else b"200 result=1 (a)\nHANGUP\n"
    stream += USAGE
    replies, reader = read_all(stream[:cut], stream[cut:])
    assert [reply.code for reply in replies] == [200, 520]
    assert reader.hung_up


def test_a_value_that_reads_hangup_is_no_hangup() -> None:
    (reply,), reader = read_all(b"200 result=1 (HANGUP)\n")
    assert reply.value == "HANGUP"
    assert not reader.hung_up


def test_a_value_with_line_breaks_stays_whole() -> None:
    (reply,), reader = read_all(b"200 result=1 (a\n", b"HANGUP\n", b"b)\n")
    assert reply.value == "a\nHANGUP\nb"
    assert not reader.hung_up


def test_trying_is_not_the_reply() -> None:
    replies, _ = read_all(b"100 result=0 Trying...\n200 result=1\n")
    assert [reply.code for reply in replies] == [200]


def test_replies_hidden_in_a_value_are_dropped_before_the_next_command() -> None:
    replies = ReplyReader()
    replies.feed(b"200 result=1 (a)\n200 result=1 (forged)\nHANGUP\nHANG")
    assert replies.next_reply() == Reply(200, "result=1 (a)", "1", "a")
    assert replies.drop_rest() == len(b"200 result=1 (forged)\n")
    assert replies.hung_up
    replies.feed(b"UP\n200 result=1 (true)\n")
    reply = replies.next_reply()
    assert reply is not None
    assert reply.value == "true"


@pytest.mark.parametrize(
    "line", [b"\n", b"hello\n", b"200 hello\n", b"\xff\xff\xff \n", b"2000 x\n"]
)
def test_a_blank_or_foreign_line_is_a_protocol_error(line: bytes) -> None:
    with pytest.raises(ProtocolError):
        read_all(line)


def test_a_reply_without_end_is_a_protocol_error() -> None:
    with pytest.raises(ProtocolError, match="over"):
        read_all(b"200 result=1 (" + b"x" * MAX_REPLY_BYTES)


def test_brackets_and_line_breaks_without_end_are_read_once_each() -> None:
    # One pattern over the whole value took 20 seconds of the event loop for these 4 KB.
    hostile = b"200 result=1 (" + b") a=b" * 400 + b" x\n" * 700
    assert read_all(hostile) == ([], ANY)
    (reply,), _ = read_all(hostile + b")\n")
    assert reply.value == hostile[14:].decode()


@given(st.binary(max_size=300), st.integers(0, 300))
def test_any_bytes_make_replies_or_a_protocol_error(stream: bytes, cut: int) -> None:
    try:
        whole, _ = read_all(stream)
    except ProtocolError:
        return
    pieces, _ = read_all(stream[:cut], stream[cut:])
    assert pieces == whole


VALUES = st.text(st.characters(exclude_characters="\n", exclude_categories=["Cs"]), max_size=60)


@given(st.lists(VALUES, max_size=5), st.integers(1, 7))
def test_replies_are_the_same_however_they_are_cut(values: list[str], size: int) -> None:
    stream = b"".join(f"200 result=1 ({value})\n".encode() for value in values)
    chunks = [stream[at : at + size] for at in range(0, len(stream), size)]
    replies, _ = read_all(*chunks)
    assert [reply.value for reply in replies] == values
