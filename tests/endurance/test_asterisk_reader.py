"""The models of Asterisk's readers, against what Asterisk is known to do."""

import pytest

from endurance.fuzz.asterisk_reader import (
    Misread,
    agi_words,
    application,
    arguments,
    manager_actions,
    read_config,
    without_comment,
)


def test_a_file_is_read_in_sections() -> None:
    first, phone = read_config(b"; x\n[a](!)\nk = v ; c\n\nn => x\\;y\n[b](a)\nexten => 1,1,X()\n")
    assert (first.name, first.options) == (b"a", b"(!)")
    assert first.lines == [(b"k", b"v"), (b"n", b"x;y")]
    assert phone.lines == [(b"exten", b"1,1,X()")]


@pytest.mark.parametrize("line", [b"[a", b"#exec id", b"word", b"= x", b"k += v", b";-- x"])
def test_what_asterisk_refuses_or_obeys_is_a_misread(line: bytes) -> None:
    with pytest.raises(Misread):
        read_config(b"[s]\n" + line + b"\n")


@pytest.mark.parametrize(
    ("line", "read"),
    [(b"a;b", b"a"), (b"a\\;b", b"a;b"), (b"a\\\\;b", b"a\\;b"), (b"\\;\\;;x", b";;")],
)
def test_a_semicolon_ends_a_line_unless_a_backslash_stands_before(line: bytes, read: bytes) -> None:
    assert without_comment(line) == read


@pytest.mark.parametrize(
    ("data", "parts"),
    [
        (b"a,b", [b"a", b"b"]),
        (b"a\\,b", [b"a,b"]),
        (b'"a,b",c', [b"a,b", b"c"]),
        (b"f(a,b),[c,d]", [b"f(a,b)", b"[c,d]"]),
        (b"a,", [b"a", b""]),
    ],
)
def test_arguments_are_split_at_commas_that_nothing_holds(data: bytes, parts: list[bytes]) -> None:
    assert arguments(data) == parts


def test_an_application_reaches_from_the_first_bracket_to_the_last() -> None:
    assert application(b"Set(a=${IF($[1]?x)}) ") == (b"Set", b"a=${IF($[1]?x)}")
    with pytest.raises(Misread):
        application(b"Answer")


def test_agi_words_are_parted_by_blanks_outside_of_quotes() -> None:
    words = agi_words(b'SET VARIABLE "a b" "\\"x\\\\" "" end')
    assert words == [b"SET", b"VARIABLE", b"a b", b'"x\\', b"", b"end"]


def test_a_blank_line_ends_an_action() -> None:
    stream = b"Action: Ping\r\nActionID: 1\r\n\r\nAction:  Logoff\n\n"
    assert manager_actions(stream) == [
        [(b"Action", b"Ping"), (b"ActionID", b"1")],
        [(b"Action", b"Logoff")],
    ]
