"""What both ways to a real Kannel do alike: through smsbox, and as a box of bearerbox."""

from urllib.parse import quote_plus

import pytest

from sms.gateway import Concat, Refused
from sms.piece import Piece
from tests.with_sms.kannel_box_site import KannelBoxSite
from tests.with_sms.kannel_site import KannelSite

LONG = "The quick brown fox jumps over the lazy dog, and the dog does not mind. " * 5

BODIES = {
    "single": "hello",
    "a whole part of septets that cost two": "€[]{}~^|\\" * 8 + "@" * 16,
    "blanks at its ends": " hello  ",
    "what URLs and Kannel's patterns use": "100% of %d&text=a+b=c #1 %%A?",
    "unicode": "Привет, мир",
    "emoji": "👍🏽 family 👨‍👩‍👧 ok",
    "long": LONG,
    "long, of lines": "one line\nand another\n" * 15,
    "long, with extension characters": "[€] " * 70,
    "long, unicode": "Ünïcødé żółć " * 12,
    "long, emoji": "😀" * 100,
}


def piece_text(body: bytes, piece: Piece) -> str:
    """What left Kannel, as text; `piece` says in which alphabet."""
    return body.decode("utf-8" if piece.coding == "gsm7" else "utf-16-be")


@pytest.mark.asyncio(loop_scope="session")
@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES.keys())
async def test_a_text_leaves_kannel_as_it_went_in_and_is_reported(
    lasting_way: KannelSite | KannelBoxSite, body: str
) -> None:
    way, inbox = lasting_way, lasting_way.inbox
    inbox.reports.clear()
    before = len(await way.kannel.wait_for_texts(0))
    pieces = way.gateway.pieces(body, 77)
    keys = [f"1-{at}" for at in range(len(pieces))]
    assert await way.send(body) == [way.taken(key) for key in keys]
    came = (await way.kannel.wait_for_texts(before + len(pieces)))[before:]
    assert [piece_text(text.body, piece) for text, piece in zip(came, pieces, strict=True)] == [
        piece.text for piece in pieces
    ]
    assert [text.header for text in came] == [piece.header for piece in pieces]
    assert {(text.sender, text.receiver) for text in came} == {("100", "+6281100")}
    await inbox.until(lambda it: len(it.reports) == len(way.reported) * len(keys))
    for key in keys:
        states = sorted(it.state for it in inbox.reports if it.reference == key)
        assert states == list(way.reported)


async def test_an_empty_text_is_never_sent(way: KannelSite | KannelBoxSite) -> None:
    assert isinstance((await way.send(""))[0], Refused)
    await way.send("after it")
    assert [text.body for text in await way.kannel.wait_for_texts(1)] == [b"after it"]


async def test_texts_come_in(way: KannelSite | KannelBoxSite) -> None:
    unicode = quote_plus("Привет 😀".encode("utf-16-be"))
    await way.kannel.bring_in(
        "+6281100 100 text 100% wörld & [€]", f"TELKOMSEL 100 ucs2 {unicode}", "+1 100 data %00%FF"
    )
    await way.inbox.until(lambda it: len(it.came) == 3)
    by_sender = {it.sender: it for it in way.inbox.came}
    assert by_sender["+6281100"].body == "100% wörld & [€]"
    assert by_sender["+6281100"].own_number == "100"
    assert by_sender["TELKOMSEL"].body == "Привет 😀"
    assert by_sender["+1"].body is None
    assert by_sender["+1"].trouble == "2 octets of data, which are no text"
    assert len({it.key for it in way.inbox.came}) == 3


async def test_the_parts_of_a_long_text_come_in_as_they_are(
    way: KannelSite | KannelBoxSite,
) -> None:
    # Each octet of the header comes through, also those that are no UTF-8.
    await way.kannel.bring_in(*(f"+62 100 udh %05%00%03%FF%02%0{at} part{at}" for at in (2, 1)))
    await way.inbox.until(lambda it: len(it.came) == 2)
    assert {it.concat for it in way.inbox.came} == {Concat(255, 2, 1), Concat(255, 2, 2)}


async def test_a_text_that_could_not_be_taken_is_brought_again(
    way: KannelSite | KannelBoxSite,
) -> None:
    way.inbox.failures = 2
    await way.kannel.bring_in("+62 100 text hello")
    await way.inbox.until(lambda it: len(it.came) == 1)
    (text,) = way.inbox.came
    assert way.inbox.refused == [text.key, text.key]


async def test_while_the_smsc_is_down_kannel_queues_and_we_do_not_send_again(
    way: KannelSite | KannelBoxSite,
) -> None:
    await way.kannel.stop_smsc()
    assert await way.send("hello") == [way.kept("1-0")]
    await way.kannel.start_smsc()
    assert [text.body for text in await way.kannel.wait_for_texts(1)] == [b"hello"]
    await way.inbox.until(lambda it: any(report.state == "delivered" for report in it.reports))


async def test_what_kannel_queued_outlives_its_death(way: KannelSite | KannelBoxSite) -> None:
    await way.kannel.stop_smsc()
    assert await way.send("hello") == [way.kept("1-0")]
    await way.kannel.restart_after_death()
    assert [text.body for text in await way.kannel.wait_for_texts(1)] == [b"hello"]
    await way.inbox.until(lambda it: any(report.state == "delivered" for report in it.reports))
    assert {report.reference for report in way.inbox.reports} == {"1-0"}
