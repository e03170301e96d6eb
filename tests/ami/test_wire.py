import pytest
from hypothesis import given
from hypothesis import strategies as st

from ami.errors import UnsafeValue
from ami.framer import Framer
from ami.wire import MAX_LINE_BYTES, Event, encode_action, parse_packet


@pytest.mark.parametrize("value", ["a\r\n\r\nAction: Originate", "a\nb", "a\rb", "a\0b"])
def test_no_value_with_cr_or_lf_delivers_a_second_action(value: str) -> None:
    with pytest.raises(UnsafeValue, match=r"'Value'.*line break"):
        encode_action("Setvar", "1", {"Variable": "x", "Value": value})


@pytest.mark.parametrize("name", ["", " ", "A: b", "A\r\nB", "Action", "actionid "])
def test_no_name_smuggles_anything(name: str) -> None:
    with pytest.raises(UnsafeValue):
        encode_action("Setvar", "1", {name: "x"})


def test_an_action_name_is_checked_too() -> None:
    with pytest.raises(UnsafeValue):
        encode_action("Ping\r\n\r\nAction: Logoff", "1", {})


def test_a_line_too_long_for_asterisk_is_refused_because_its_tail_would_be_a_new_message() -> None:
    room = MAX_LINE_BYTES - len("Value: \r\n")
    assert encode_action("Setvar", "1", {"Value": "x" * room})
    with pytest.raises(UnsafeValue, match="longer"):
        encode_action("Setvar", "1", {"Value": "é" * (room // 2 + 1)})


def test_more_lines_than_asterisk_takes_are_refused() -> None:
    with pytest.raises(UnsafeValue, match="at most"):
        encode_action("Originate", "1", {"Variable": ["a=b"] * 126})


def test_a_lone_surrogate_is_refused_and_named() -> None:
    with pytest.raises(UnsafeValue, match="'Value'"):
        encode_action("Setvar", "1", {"Value": "\ud83d"})


def test_a_sequence_becomes_as_many_lines() -> None:
    sent = encode_action("Originate", "7", {"Channel": "Local/1", "Variable": ["a=1", "b=é"]})
    assert (
        sent
        == (
            "Action: Originate\r\nActionID: 7\r\nChannel: Local/1\r\n"
            "Variable: a=1\r\nVariable: b=é\r\n\r\n"
        ).encode()
    )


@given(st.dictionaries(st.text(min_size=1), st.text()))
def test_whatever_is_sent_reads_as_one_action(fields: dict[str, str]) -> None:
    try:
        sent = encode_action("X", "1", fields)
    except UnsafeValue:
        return
    assert sent.count(b"\r\n\r\n") == 1
    assert sent.count(b"\r\n") == sent.count(b"\n") == sent.count(b"\r") == len(fields) + 3
    assert b"\0" not in sent


def test_a_line_without_a_colon_continues_the_value_before_it() -> None:
    event = parse_packet(b"Event: E\r\nText: one\r\ntwo\r\nNext: 3")
    assert isinstance(event, Event)
    assert event.get("Text") == "one\ntwo"
    assert event.keys() == ["Event", "Text", "Next"]
    assert "next" in event
    assert "other" not in event


def test_what_is_neither_event_nor_response_is_nothing() -> None:
    assert parse_packet(b"Foo: bar") is None
    assert parse_packet(b"") is None


def test_an_event_before_the_banner_line_does_not_confuse_the_framer() -> None:
    framer = Framer({b"E"})
    assert [
        p.get("V") for p in framer.feed(b"Asterisk Call Manager/5.0.4\r\nEvent: E\r\nV: 1\r\n\r\n")
    ] == ["1"]
