"""The mark."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from dialplan_templates.mark import State, state_of, with_mark


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_what_we_wrote_is_ours(text: str) -> None:
    assert state_of(with_mark(text).encode()) is State.OURS


@given(st.text(min_size=1, max_size=20), st.data())
def test_any_change_below_the_mark_is_seen(text: str, data: st.DataObject) -> None:
    written = with_mark("[general]\nenabled = yes\n").encode()
    place = data.draw(st.integers(written.index(b"\n") + 1, len(written)))
    edited = written[:place] + text.encode(errors="replace") + written[place:]
    assert state_of(edited) is State.EDITED


def test_a_file_of_somebody_else_is_foreign() -> None:
    assert state_of(b"[general]\n") is State.FOREIGN
    assert state_of(b"") is State.FOREIGN


def test_no_file_is_absent() -> None:
    assert state_of(None) is State.ABSENT


def test_line_ends_of_another_system_are_an_edit() -> None:
    lines = with_mark("[general]\na = b\n").encode().split(b"\n", 1)
    assert state_of(lines[0] + b"\n" + lines[1].replace(b"\n", b"\r\n")) is State.EDITED
