"""A hundred thousand texts through split, PDU and join, read by us and by a second opinion."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sms.joining import join
from sms.pdu.decode import decode_pdu, decode_submit
from sms.pdu.encode import encode_submit
from sms.pdu.values import Deliver
from sms.piece import Piece
from sms.splitting import count_parts, segments
from tests.sms.second_opinion import BITS, TWO_SEPTETS, phone_parts, write_deliver

TEXTS = 100_000
NUMBER = "+628123456789"

CLUSTERS = [
    "👨‍👩‍👧‍👦",
    "👩🏽‍⚕️",
    "🇮🇩",
    "🇩🇪",
    "1️⃣",
    "❤️",
    "🏴󠁧󠁢󠁳󠁣󠁴󠁿",
    "é",
    "ñ́",
    "நி",
    "กี่",
    "한",
    "👍🏿",
    "\u200d",
]
GSM = [sign for sign in BITS if sign != "\r"]


def _range(first: int, last: int) -> list[str]:
    return [chr(code) for code in range(first, last + 1)]


POOLS: list[list[str]] = [
    [sign for sign in GSM if sign not in TWO_SEPTETS],
    GSM,
    [*TWO_SEPTETS, "a", "@"],
    ["@"],
    list(" abcdefghijklmnoprstuvwxyzABCDE0123456789.,?!\n"),
    [*_range(0x20, 0x7E), *_range(0xA0, 0x24F)],
    [*_range(0x370, 0x3FF), *_range(0x400, 0x4FF)],
    [*_range(0x590, 0x6FF)],
    [*_range(0x900, 0xDFF)],
    [*_range(0xE00, 0xEFF), *_range(0x1000, 0x109F)],
    [*_range(0x3040, 0x30FF), *_range(0x4E00, 0x9FFF)],
    [*_range(0xAC00, 0xD7A3)],
    [*_range(0x0, 0xD7FF), *_range(0xE000, 0xFFFF)],
    [*_range(0x1F300, 0x1FAFF)],
    [*_range(0x10000, 0x10FFFF)[::97]],
    CLUSTERS,
    [*CLUSTERS, *_range(0x1F600, 0x1F64F), *"saya akan datang jam lima "],
]
EDGES = (0, 1, 7, 8, 66, 67, 68, 69, 70, 71, 133, 134, 135, 152, 153, 154, 159, 160, 161, 306, 307)


def a_text(random: Random) -> str:
    """A text of any alphabet, often as long as parts are, seldom as long as a text may be."""
    pool = random.choice(POOLS)
    kind = random.random()
    if kind < 0.3:
        length = random.choice(EDGES)
    elif kind < 0.9998:
        length = round(10 ** (random.random() * 2.2))
    else:
        length = random.randrange(4000)
    text = "".join(random.choices(pool, k=length))
    return text if random.random() < 0.9 else text + random.choice(("@", "€", "\n", "😀"))


def as_sent(pieces: Sequence[Piece], reference: int, random: Random) -> str:
    """Through SMS-SUBMIT and back."""
    came = []
    for piece in pieces:
        submit = encode_submit(NUMBER, piece, reference=reference, report=True)
        assert len(submit.pdu) == 2 * (submit.length + 1)
        came.append(decode_submit(submit.pdu))
    random.shuffle(came)
    assert {(it.number, it.trouble) for it in came} == {(NUMBER, None)}
    if len(came) == 1:
        assert came[0].concat is None
        return came[0].body or ""
    assert {(it.concat.reference, it.concat.total) for it in came if it.concat} == {
        (reference, len(came))
    }
    return join({it.concat.number: it.body for it in came if it.concat}, len(came))


def as_received(parts: Sequence[str], reference: int, random: Random, *, wide: bool) -> str:
    """As SMS-DELIVER, written by the second opinion. wide: references of 16 bits."""
    if len(parts) == 1:
        pdus = [write_deliver(parts[0])]
    else:
        start = b"\x08\x04" + reference.to_bytes(2) if wide else bytes((0, 3, reference & 0xFF))
        pdus = [
            write_deliver(part, start + bytes((len(parts), number)))
            for number, part in enumerate(parts, 1)
        ]
    random.shuffle(pdus)
    bodies = {}
    total = 1
    for pdu in pdus:
        text = decode_pdu(pdu)
        assert isinstance(text, Deliver)
        assert text.trouble is None
        number = 1
        if text.concat:
            number, total = text.concat.number, text.concat.total
            assert text.concat.reference == (reference if wide else reference & 0xFF)
        bodies[number] = text.body
    return join(bodies, total)


@pytest.mark.timeout(400)  # 20 s, on a machine that does nothing else
def test_a_hundred_thousand_texts_come_out_as_they_went_in() -> None:
    random = Random(4)
    several = most = 0
    for turn in range(TEXTS):
        body = a_text(random)
        parts = phone_parts(body)
        if len(parts) > 255:
            continue
        pieces = segments(body, turn & 0xFF)
        assert len(pieces) == len(parts) == count_parts(body)
        assert as_sent(pieces, turn & 0xFF, random) == body
        wide = turn % 2 == 1
        received = phone_parts(body, 7) if wide else [piece.text for piece in pieces]
        if len(received) <= 255:
            assert as_received(received, random.randrange(0x10000), random, wide=wide) == body
        several += len(parts) > 1
        most = max(most, len(parts))
    assert several > TEXTS // 10
    assert most > 30


@given(st.text(max_size=500), st.integers(0, 255), st.randoms())
def test_any_text_comes_out_as_it_went_in(body: str, reference: int, random: Random) -> None:
    expected = body.replace("\r\n", "\n")
    assert as_sent(segments(body, reference), reference, random) == expected
    assert count_parts(body) == len(phone_parts(expected))


@given(st.lists(st.sampled_from(CLUSTERS + GSM), min_size=60, max_size=400), st.randoms())
def test_any_text_is_read_whoever_wrote_it(signs: list[str], random: Random) -> None:
    body = "".join(signs)
    assert as_received(phone_parts(body, 7), 0xABCD, random, wide=True) == body
