"""How parts are joined."""

from __future__ import annotations

import pytest

from sms.joining import join


@pytest.mark.parametrize(
    ("bodies", "total", "text"),
    [
        ({1: "ab", 2: "cd"}, 2, "abcd"),
        ({2: "cd", 1: "ab"}, 2, "abcd"),
        ({1: "ab"}, 2, "ab[…]"),
        ({3: "ef"}, 3, "[…]ef"),
        ({1: "ab", 4: "gh"}, 4, "ab[…]gh"),
        ({1: "ab", 3: "ef"}, 5, "ab[…]ef[…]"),
        ({1: "ab", 2: None, 3: "ef"}, 3, "ab[…]ef"),
        ({1: "", 2: "cd"}, 2, "cd"),
        ({1: "ab", 2: "cd", 3: "ef", 0: "x"}, 2, "abcd"),
        ({}, 3, "[…]"),
    ],
)
def test_what_is_missing_has_a_mark(bodies: dict[int, str | None], total: int, text: str) -> None:
    assert join(bodies, total) == text
