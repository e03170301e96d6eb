"""Commands out and headers in, against Asterisk's own rules."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agi.errors import AgiError, BadHeader, UnsafeArgument
from agi.wire import MAX_COMMAND_BYTES, arguments, command, parse_header, quote

# What a C string and a line can hold.
SAYABLE = st.text(st.characters(exclude_characters="\n\r\0", exclude_categories=["Cs"]))


def asterisk_splits(line: str) -> list[str]:
    """What parse_args() of res_agi.c makes of a command line."""
    words: list[str] = []
    quoted = escaped = False
    blank = True
    for letter in line:
        if letter == '"' and not escaped:
            quoted = not quoted
            if quoted and blank:
                words.append("")
                blank = False
        elif letter in " \t" and not quoted and not escaped:
            blank = True
        elif letter == "\\" and not escaped:
            escaped = True
        else:
            if blank:
                words.append("")
                blank = False
            words[-1] += letter
            escaped = False
    return words


@given(st.lists(SAYABLE, max_size=4))
def test_every_argument_comes_out_of_asterisks_parser_as_it_went_in(values: list[str]) -> None:
    line = command("SET VARIABLE", *values)
    assert line.count(b"\n") == 1
    assert line.endswith(b"\n")
    assert asterisk_splits(line[:-1].decode()) == ["SET", "VARIABLE", *values]


@given(st.text(), st.sampled_from("\n\r\0"), st.text())
def test_a_line_break_or_nul_in_a_command_is_refused(before: str, bad: str, after: str) -> None:
    with pytest.raises(UnsafeArgument):
        command("SET VARIABLE", "X", before + bad + after)
    with pytest.raises(UnsafeArgument):
        command("SET" + bad + "VARIABLE")


def test_quoting_lets_no_value_smuggle_a_second_argument() -> None:
    assert quote('a" "b') == r'"a\" \"b"'
    assert quote("a\\") == r'"a\\"'


def test_a_command_that_asterisk_would_cut_in_two_is_refused() -> None:
    command("SET VARIABLE", "X", "y" * (MAX_COMMAND_BYTES - 20))
    with pytest.raises(UnsafeArgument, match="cut"):
        command("SET VARIABLE", "X", "é" * (MAX_COMMAND_BYTES // 2))


def test_half_a_character_is_refused() -> None:
    with pytest.raises(UnsafeArgument, match="surrogate"):
        command("SET VARIABLE", "X", "\ud83d")


def test_empty_values_of_the_header_stay() -> None:
    header = parse_header(b"agi_request: agi://h/x\nagi_accountcode: \nagi_arg_1: \n")
    assert header["agi_accountcode"] == ""
    assert arguments(header) == ("",)


def test_values_keep_their_colons_and_blanks() -> None:
    header = parse_header(b"agi_request: agi://h:4573/x\nagi_arg_1:  a: b \n\n")
    assert header["agi_request"] == "agi://h:4573/x"
    assert header["agi_arg_1"] == " a: b "


def test_a_caller_name_with_a_line_break_cannot_change_the_script() -> None:
    header = parse_header(
        b"agi_network_script: good\nagi_request: agi://h/good\n"
        b"agi_calleridname: a\nagi_network_script: evil\n"
    )
    assert header["agi_network_script"] == "good"


@pytest.mark.parametrize(
    "block",
    [
        b"GET / HTTP/1.1\r\nHost: x\r\n",
        b"",
        b"\xff\xfe\x00",
        b"agi_network: yes\n",
        b"agi_request: x\nno colon here\n",
        b"agi_request: x\n" + b"agi_arg_1: x\n" * 300,
    ],
)
def test_what_is_no_agi_header_is_refused(block: bytes) -> None:
    with pytest.raises(BadHeader):
        parse_header(block)


@given(st.binary(max_size=300))
def test_any_bytes_make_a_header_or_an_agi_error(block: bytes) -> None:
    try:
        parse_header(block)
    except AgiError:
        return


@given(st.dictionaries(st.integers(1, 9).map("agi_arg_{}".format), SAYABLE))
def test_a_header_comes_back_as_it_was_written(values: dict[str, str]) -> None:
    written = {"agi_request": "agi://h/x", **values}
    block = "".join(f"{name}: {value}\n" for name, value in written.items())
    assert parse_header(block.encode() + b"\n") == written
