"""How texts are cut."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sms.alphabet import septets
from sms.splitting import count_parts, segments

ANY_TEXT = st.text(st.characters(codec=None, exclude_categories=()), max_size=400)
FAMILY = "👨‍👩‍👧‍👦"  # 11 units of UTF-16


def parts(text: str) -> list[str]:
    return [piece.text for piece in segments(text, 7)]


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("", 1),
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("a" * 306, 2),
        ("a" * 307, 3),
        ("€" * 80, 1),
        ("€" * 81, 2),
        ("€" * 152, 2),
        ("€" * 153, 3),  # a septet of each part stays empty
        ("ж" * 70, 1),
        ("ж" * 71, 2),
        ("ж" * 134, 2),
        ("ж" * 135, 3),
        ("😀" * 35, 1),
        ("😀" * 36, 2),
        ("😀" * 66, 2),
        ("😀" * 67, 3),
        ("a" * 70 + "ç", 2),
        ("a" * 153 * 255, 255),
        ("a" * 153 * 300, 300),
    ],
)
def test_parts_are_counted_as_a_phone_counts_them(text: str, count: int) -> None:
    assert count_parts(text) == count


def test_a_short_text_has_no_header() -> None:
    (piece,) = segments("Besok jam 5, ya?", 7)
    assert (piece.text, piece.coding, piece.header, piece.parts) == (
        "Besok jam 5, ya?",
        "gsm7",
        b"",
        1,
    )


def test_each_part_of_a_long_text_says_which_it_is() -> None:
    headers = [piece.header.hex() for piece in segments("a" * 400, 0xA7)]
    assert headers == ["050003a70301", "050003a70302", "050003a70303"]


def test_no_escape_sequence_is_cut() -> None:
    assert parts("a" * 152 + "€" + "b" * 10) == ["a" * 152, "€" + "b" * 10]


def test_no_surrogate_pair_is_cut() -> None:
    assert parts("ж" * 66 + "😀" + "ж" * 10) == ["ж" * 66, "😀" + "ж" * 10]


@pytest.mark.parametrize("cluster", [FAMILY, "👩🏽‍⚕️", "🇮🇩", "❤️", "👍🏿", "🏴󠁧󠁢󠁳󠁣󠁴󠁿", "e\u0301", "กี่"])
def test_what_is_shown_as_one_is_not_cut_where_that_is_free(cluster: str) -> None:
    for before in range(56, 68):
        found = parts("ж" * before + cluster + "ж" * 30)
        assert len(found) == 2
        assert any(cluster in part for part in found)


def test_flags_are_cut_between_flags() -> None:
    for before in range(4):
        assert parts("ж" * before + "🇮🇩" * 30)[1].startswith("🇮🇩🇮🇩")


def test_a_cut_through_an_emoji_is_better_than_a_part_more() -> None:
    text = "ж" * 61 + FAMILY + "ж" * (134 - 61 - 11)
    assert [len(part.encode("utf-16-le")) // 2 for part in parts(text)] == [67, 67]


def test_a_cluster_longer_than_a_part_is_cut() -> None:
    assert len(parts("a" + "\u0301" * 200)) == 3


def test_more_than_255_parts_are_refused_with_their_number() -> None:
    assert len(segments("a" * 153 * 255, 0)) == 255
    with pytest.raises(ValueError, match="256 parts, and 255 are the most"):
        segments("a" * (153 * 255 + 1), 0)


def test_line_ends_are_those_of_phones() -> None:
    assert segments("a\r\nb\nc\rd", 0)[0].text == "a\nb\nc\rd"
    assert segments("a\r\nb\nc\rd", 0)[0].coding == "gsm7"


def test_a_gateway_may_want_all_in_ucs2() -> None:
    pieces = segments("{a}" * 30, 7, wide=True)
    assert [(len(piece.text), piece.coding) for piece in pieces] == [(67, "ucs2"), (23, "ucs2")]


def test_half_a_character_is_no_error() -> None:
    assert segments("Bu\ud800di", 0)[0].text == "Bu\ufffddi"


@given(ANY_TEXT, st.integers(0, 255))
def test_every_part_fits_and_none_is_empty(body: str, reference: int) -> None:
    pieces = segments(body, reference)
    assert len(pieces) == count_parts(body)
    for piece in pieces:
        units = len(piece.text.encode("utf-16-be"))
        if piece.coding == "gsm7":
            assert septets(piece.text) <= (153 if piece.header else 160)
        else:
            assert units <= (134 if piece.header else 140)
        assert piece.text or not body
