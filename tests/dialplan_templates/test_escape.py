"""Escaping: what comes out means one value, or the key is named."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialplan_templates import escape
from dialplan_templates.errors import UnsafeValue

KEY = "people.1001.name"
ANY = st.text(max_size=60)


def read_line(text: str) -> str:
    """A value as Asterisk's file reader takes it: cut at a bare `;`, then stripped."""
    kept, before = "", ""
    for sign in text:
        if sign == ";":
            if before != "\\":
                break
            kept = kept[:-1]
        kept += sign
        before = sign
    return kept.strip()


def split_arguments(text: str) -> list[str]:
    """An application's data as Asterisk splits it (main/app.c)."""
    parts, depth, quoted = [""], 0, False
    signs = iter(text)
    for sign in signs:
        if sign == "\\":
            parts[-1] += next(signs, "")
        elif sign == '"':
            quoted = not quoted
        elif sign == "," and depth == 0 and not quoted:
            parts.append("")
        else:
            depth = max(0, depth + (sign in "([") - (sign in ")]"))
            parts[-1] += sign
    return parts


@given(ANY)
def test_an_ini_value_is_read_back_as_it_was(value: str) -> None:
    try:
        written = escape.ini(value, KEY)
    except UnsafeValue:
        return
    assert read_line(written) == value


@given(ANY)
def test_an_argument_stays_one_argument_with_its_value(value: str) -> None:
    try:
        written = escape.argument(value, KEY)
    except UnsafeValue:
        return
    assert split_arguments(read_line(f"{written},next")) == [value, "next"]


@given(ANY)
def test_an_argument_is_never_evaluated(value: str) -> None:
    try:
        written = escape.argument(value, KEY)
    except UnsafeValue:
        return
    assert "${" not in written
    assert "$[" not in written


@given(ANY)
def test_a_mailbox_name_stays_in_its_field(value: str) -> None:
    try:
        read = read_line(f"4242,{escape.mailbox_name(value, KEY)},,,tz=x")
    except UnsafeValue:
        return
    assert read.count(",") == 4
    assert "|" not in read
    assert len(read.split(",")[1].encode()) <= 79


@given(ANY)
def test_a_caller_name_stays_between_its_quotes(value: str) -> None:
    try:
        read = read_line(f'"{escape.caller_name(value, KEY)}" <1001>')
    except UnsafeValue:
        return
    assert read.count('"') == 2
    assert read.endswith('" <1001>')
    assert read.count("<") == 1
    assert "\\" not in read


@pytest.mark.parametrize("function", [escape.caller_name, escape.mailbox_name])
def test_a_long_name_is_not_cut_within_a_letter(function: Callable[[object, str], str]) -> None:
    # Seen on 22: 79 bytes of a caller id are kept, half a letter among them.
    assert function("a" * 78 + "é", KEY) == "a" * 78
    assert function("a" * 77 + "é", KEY) == "a" * 77 + "é"


@pytest.mark.parametrize("function", escape.FILTERS.values())
@pytest.mark.parametrize("value", ["a\nb", "a\r\nb", "a\x00", "", "\u2028x", "a\ud800"])
def test_a_line_break_is_refused_everywhere_and_the_key_is_named(
    function: Callable[[object, str], str], value: str
) -> None:
    with pytest.raises(UnsafeValue, match=r"^people\.1001\.name: "):
        function(value, KEY)


@pytest.mark.parametrize("function", [escape.section, escape.dial_target, escape.dialled])
@pytest.mark.parametrize(
    "value", ["500&PJSIP/x", "${SHELL(id)}", "a,b", "a;b", "a => b", "a]", "a b", "general]", "é"]
)
def test_a_hostile_name_is_refused(function: Callable[[object, str], str], value: str) -> None:
    with pytest.raises(UnsafeValue):
        function(value, KEY)


@pytest.mark.parametrize("value", ["12,3", "12a", "-1234", "12 34", "1234;"])
def test_a_pin_is_digits_alone(value: str) -> None:
    with pytest.raises(UnsafeValue):
        escape.pin(value, KEY)


@pytest.mark.parametrize("value", ["${SHELL(id)}", "$[1+1]", " a", "a "])
def test_an_argument_that_cannot_be_escaped_is_refused(value: str) -> None:
    with pytest.raises(UnsafeValue):
        escape.argument(value, KEY)


def test_a_refused_value_is_not_told_as_it_may_be_a_secret() -> None:
    with pytest.raises(UnsafeValue) as refusal:
        escape.ini("geheim\n", "asterisk.ami.secret")
    assert "geheim" not in str(refusal.value)


def test_a_section_cannot_take_the_name_of_one_that_asterisk_knows() -> None:
    with pytest.raises(UnsafeValue):
        escape.section("General", "asterisk.ami.username")
