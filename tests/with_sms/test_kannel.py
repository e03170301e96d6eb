"""The gateway against a real bearerbox, smsbox and fakesmsc."""

import asyncio
from urllib.parse import quote_plus

import pytest

from sms.gateway import Concat, GatewayState, NotNow, Outgoing, Refused, Sent, Unknown
from sms.gateways.http import new_session
from sms.piece import Piece
from tests.with_sms.kannel_site import KannelSite, piece_text

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


@pytest.mark.asyncio(loop_scope="session")
@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES.keys())
async def test_a_text_leaves_kannel_as_it_went_in_and_is_reported(
    lasting_site: KannelSite, body: str
) -> None:
    site, inbox = lasting_site, lasting_site.inbox
    inbox.reports.clear()
    before = len(await site.kannel.wait_for_texts(0))
    pieces = site.gateway.pieces(body, 77)
    fates = await site.send(body)
    keys = [f"1-{at}" for at in range(1, len(pieces) + 1)]
    assert fates == [Sent(key, "0: Accepted for delivery") for key in keys]
    came = (await site.kannel.wait_for_texts(before + len(pieces)))[before:]
    assert [piece_text(text.body, piece) for text, piece in zip(came, pieces, strict=True)] == [
        piece.text for piece in pieces
    ]
    assert [text.header for text in came] == [piece.header for piece in pieces]
    assert {(text.sender, text.receiver) for text in came} == {("100", "+6281100")}
    # fakesmsc's texts have two reports each, in any order: the SMSC took it; it has arrived.
    await inbox.until(lambda it: len(it.reports) == 2 * len(keys))
    for key in keys:
        states = sorted(it.state for it in inbox.reports if it.reference == key)
        assert states == ["buffered", "delivered"]


async def test_an_empty_text_is_never_sent(site: KannelSite) -> None:
    assert isinstance((await site.send(""))[0], Refused)
    await site.send("after it")
    assert [text.body for text in await site.kannel.wait_for_texts(1)] == [b"after it"]


async def test_its_health_is_known_before_the_first_text(site: KannelSite) -> None:
    async with asyncio.timeout(20):
        while site.gateway.health().state is not GatewayState.UP:
            await asyncio.sleep(0.01)
    assert await site.kannel.wait_for_texts(0) == []


async def test_texts_come_in(site: KannelSite) -> None:
    unicode = quote_plus("Привет 😀".encode("utf-16-be"))
    await site.kannel.bring_in(
        "+6281100 100 text 100% wörld & [€]", f"TELKOMSEL 100 ucs2 {unicode}", "+1 100 data %00%FF"
    )
    await site.inbox.until(lambda it: len(it.texts) == 3)
    by_sender = {it.sender: it for it in site.inbox.texts}
    assert by_sender["+6281100"].body == "100% wörld & [€]"
    assert by_sender["+6281100"].own_number == "100"
    assert by_sender["TELKOMSEL"].body == "Привет 😀"
    assert by_sender["+1"].body is None
    assert by_sender["+1"].trouble == "2 octets of data, which are no text"
    assert len({it.key for it in site.inbox.texts}) == 3


async def test_the_parts_of_a_long_text_come_in_as_they_are(site: KannelSite) -> None:
    # Each octet of the header comes through, also those that are no UTF-8.
    await site.kannel.bring_in(*(f"+62 100 udh %05%00%03%FF%02%0{at} part{at}" for at in (2, 1)))
    await site.inbox.until(lambda it: len(it.texts) == 2)
    assert {it.concat for it in site.inbox.texts} == {Concat(255, 2, 1), Concat(255, 2, 2)}


async def test_a_text_that_could_not_be_taken_is_brought_again(site: KannelSite) -> None:
    site.inbox.refuse = 2
    await site.kannel.bring_in("+62 100 text hello")
    await site.inbox.until(lambda it: len(it.texts) == 1)
    (text,) = site.inbox.texts
    assert site.inbox.refused == [text.key, text.key]


async def test_while_the_smsc_is_down_kannel_queues_and_we_do_not_send_again(
    site: KannelSite,
) -> None:
    await site.kannel.stop_smsc()
    assert await site.send("hello") == [Sent("1-1", "3: Queued for later delivery")]
    assert site.gateway.health().facts["queued"] == 1
    await site.kannel.start_smsc()
    assert [text.body for text in await site.kannel.wait_for_texts(1)] == [b"hello"]
    await site.inbox.until(lambda it: any(report.state == "delivered" for report in it.reports))


async def test_what_kannel_queued_outlives_its_death(site: KannelSite) -> None:
    await site.kannel.stop_smsc()
    assert await site.send("hello") == [Sent("1-1", "3: Queued for later delivery")]
    await site.kannel.restart_after_death()
    assert [text.body for text in await site.kannel.wait_for_texts(1)] == [b"hello"]
    await site.inbox.until(lambda it: any(report.state == "delivered" for report in it.reports))


async def test_while_smsbox_is_down_nothing_has_gone(site: KannelSite) -> None:
    await site.kannel.stop_smsbox()
    (fate,) = await site.send("hello")
    assert isinstance(fate, NotNow)
    assert fate.gateway_down
    assert site.gateway.health().state is GatewayState.DOWN
    await site.kannel.start_smsbox()
    assert isinstance((await site.send("again"))[0], Sent)
    assert site.gateway.health().state is GatewayState.UP
    assert [text.body for text in await site.kannel.wait_for_texts(1)] == [b"again"]


async def test_a_smsbox_that_dies_over_a_text_leaves_it_unknown(site: KannelSite) -> None:
    site.kannel.freeze("bearerbox")
    sending = asyncio.create_task(site.send("hello"))
    await site.kannel.wait_for_log("sendsms sender:")
    site.kannel.kill("smsbox")
    (fate,) = await sending
    assert isinstance(fate, Unknown)


async def test_a_wrong_password_is_the_gateways_trouble(site: KannelSite) -> None:
    async with new_session() as session:
        gateway = site.gateway_with(session, password="wrong")
        fate = await gateway.send(Outgoing("1-1", "+62811", None, Piece("hello", "gsm7")))
    assert isinstance(fate, NotNow)
    assert fate.gateway_down
    assert "Authorization failed" in fate.words
    assert "sms.gateways.kannel" in fate.words
    assert gateway.health().state is GatewayState.DOWN


async def test_a_number_that_kannel_does_not_take_is_refused(site: KannelSite) -> None:
    (fate,) = await site.send("hello", number="nobody")
    assert isinstance(fate, Refused)
    assert "denied" in fate.words
