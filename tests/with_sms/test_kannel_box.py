"""voxpost as a box of a real bearerbox with fakesmsc."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import quote_plus

import pytest
import pytest_asyncio

from lab.packages import PackageTree
from lab.ports import PortFinder
from sms.gateway import Concat, GatewayState, NotNow, Outgoing, Refused, Sent, Unknown
from sms.gateways.kannel_box.session import Patience
from sms.piece import Piece
from tests.with_sms.kannel_box_site import KannelBoxSite
from tests.with_sms.kannel_site import piece_text
from tests.with_sms.test_kannel import BODIES


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def lasting_box(
    kannel_tree: PackageTree, short_folder: Path, port_finder: PortFinder
) -> AsyncIterator[KannelBoxSite]:
    """For tests that only send, in the session's loop."""
    async with KannelBoxSite(kannel_tree, short_folder / "kannel-box", port_finder) as site:
        yield site


@pytest_asyncio.fixture
async def box(
    kannel_tree: PackageTree, tmp_path: Path, port_finder: PortFinder
) -> AsyncIterator[KannelBoxSite]:
    async with KannelBoxSite(kannel_tree, tmp_path / "kannel", port_finder) as site:
        yield site


@pytest.mark.asyncio(loop_scope="session")
@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES.keys())
async def test_a_text_leaves_kannel_as_it_went_in_and_is_reported_once(
    lasting_box: KannelBoxSite, body: str
) -> None:
    site, inbox = lasting_box, lasting_box.inbox
    inbox.reports.clear()
    before = len(await site.kannel.wait_for_texts(0))
    pieces = site.gateway.pieces(body, 77)
    assert await site.send(body) == [Sent()] * len(pieces)
    came = (await site.kannel.wait_for_texts(before + len(pieces)))[before:]
    assert [piece_text(text.body, piece) for text, piece in zip(came, pieces, strict=True)] == [
        piece.text for piece in pieces
    ]
    assert [text.header for text in came] == [piece.header for piece in pieces]
    assert {(text.sender, text.receiver) for text in came} == {("100", "+6281100")}
    await inbox.until(lambda it: len(it.reports) == len(pieces))
    assert sorted(it.reference for it in inbox.reports) == [f"1-{at}" for at in range(len(pieces))]
    assert {it.state for it in inbox.reports} == {"delivered"}


async def test_an_empty_text_is_never_sent(box: KannelBoxSite) -> None:
    assert isinstance((await box.send(""))[0], Refused)
    await box.send("after it")
    assert [text.body for text in await box.kannel.wait_for_texts(1)] == [b"after it"]


async def test_texts_come_in(box: KannelBoxSite) -> None:
    unicode = quote_plus("Привет 😀".encode("utf-16-be"))
    await box.kannel.bring_in(
        "+6281100 100 text 100% wörld & [€]", f"TELKOMSEL 100 ucs2 {unicode}", "+1 100 data %00%FF"
    )
    await box.inbox.until(lambda it: len(it.texts) == 3)
    by_sender = {it.sender: it for it in box.inbox.texts}
    assert by_sender["+6281100"].body == "100% wörld & [€]"
    assert by_sender["+6281100"].own_number == "100"
    assert by_sender["TELKOMSEL"].body == "Привет 😀"
    assert by_sender["+1"].body is None
    assert by_sender["+1"].trouble == "2 octets of data, which are no text"
    assert len({it.key for it in box.inbox.texts}) == 3


async def test_the_parts_of_a_long_text_come_in_as_they_are(box: KannelBoxSite) -> None:
    await box.kannel.bring_in(*(f"+62 100 udh %05%00%03%FF%02%0{at} part{at}" for at in (2, 1)))
    await box.inbox.until(lambda it: len(it.texts) == 2)
    assert {it.concat for it in box.inbox.texts} == {Concat(255, 2, 1), Concat(255, 2, 2)}


async def test_a_text_that_could_not_be_taken_is_brought_again(box: KannelBoxSite) -> None:
    box.inbox.refuse = 2
    await box.kannel.bring_in("+62 100 text hello")
    await box.inbox.until(lambda it: len(it.texts) == 1)
    (text,) = box.inbox.texts
    assert box.inbox.refused == [text.key, text.key]


async def test_what_comes_while_voxpost_is_away_is_brought_later(box: KannelBoxSite) -> None:
    await box.leave()
    await box.kannel.bring_in("+62 100 text one", "+62 100 text two")
    await box.join()
    await box.inbox.until(lambda it: len(it.texts) == 2)
    assert {it.body for it in box.inbox.texts} == {"one", "two"}


async def test_what_was_not_acknowledged_outlives_bearerboxs_death(box: KannelBoxSite) -> None:
    box.inbox.refuse = 10**6
    await box.kannel.bring_in("+62 100 text hello")
    await box.inbox.until(lambda it: bool(it.refused))
    await box.kannel.restart_after_death()
    box.inbox.refuse = 0
    await box.inbox.until(lambda it: len(it.texts) == 1)
    assert {box.inbox.texts[0].key} == set(box.inbox.refused)


async def test_what_was_acknowledged_does_not_come_again(box: KannelBoxSite) -> None:
    await box.kannel.bring_in("+62 100 text one")
    await box.inbox.until(lambda it: len(it.texts) == 1)
    said = "Connection closed by the box"
    before = box.kannel.log().count(said)
    await box.leave()
    async with asyncio.timeout(10):
        while box.kannel.log().count(said) == before:  # then it has read the ack
            await asyncio.sleep(0.01)
    await box.kannel.restart_after_death()
    await box.join()
    await box.kannel.bring_in("+62 100 text two")
    await box.inbox.until(lambda it: "two" in {text.body for text in it.texts})
    assert [it.body for it in box.inbox.texts] == ["one", "two"]


async def test_while_the_smsc_is_down_kannel_queues_and_we_do_not_send_again(
    box: KannelBoxSite,
) -> None:
    await box.kannel.stop_smsc()
    assert await box.send("hello") == [
        Sent(words="Kannel keeps it: none of its SMSCs is connected")
    ]
    await box.kannel.start_smsc()
    assert [text.body for text in await box.kannel.wait_for_texts(1)] == [b"hello"]
    await box.inbox.until(lambda it: len(it.reports) == 1)


async def test_what_kannel_queued_outlives_its_death(box: KannelBoxSite) -> None:
    await box.kannel.stop_smsc()
    await box.send("hello")
    await box.kannel.restart_after_death()
    assert [text.body for text in await box.kannel.wait_for_texts(1)] == [b"hello"]
    await box.inbox.until(lambda it: len(it.reports) == 1)
    assert box.inbox.reports[0].reference == "1-0"


async def test_while_bearerbox_is_down_nothing_has_gone(box: KannelBoxSite) -> None:
    box.kannel.kill("bearerbox")
    await box.until(GatewayState.DOWN)
    (fate,) = await box.send("hello")
    assert isinstance(fate, NotNow)
    assert fate.gateway_down
    await box.kannel.restart_after_death()
    await box.until(GatewayState.UP)
    assert await box.send("again") == [Sent()]
    assert [text.body for text in await box.kannel.wait_for_texts(1)] == [b"again"]


async def test_a_bearerbox_that_dies_over_texts_leaves_one_unknown(box: KannelBoxSite) -> None:
    box.kannel.freeze("bearerbox")
    await box.leave()
    await box.join()
    sending = [asyncio.create_task(box.send("hello", key=str(key))) for key in range(20)]
    await asyncio.sleep(0)
    box.kannel.kill("bearerbox")
    fates = [(await it)[0] for it in sending]
    assert Counter(map(type, fates)) <= Counter({Unknown: 1, NotNow: 20})
    assert len(fates) == 20


async def test_one_that_hangs_gets_one_text_a_try(box: KannelBoxSite) -> None:
    await box.leave()
    box.kannel.freeze("bearerbox")
    await box.join(box.gateway_with(Patience(connect=5, answer=0.5, farewell=0.1)))
    fates = await asyncio.gather(*(box.send("hello", key=str(key)) for key in range(20)))
    kinds = Counter(type(it[0]) for it in fates)
    assert kinds == {Unknown: 1, NotNow: 19}


async def test_a_shutdown_of_kannel_is_waited_for_and_nothing_is_unknown(
    box: KannelBoxSite,
) -> None:
    async def send(key: int) -> object:
        return (await box.send("hello", key=str(key)))[0]

    await send(0)
    sending = [asyncio.create_task(send(key)) for key in range(1, 200)]
    await box.kannel.stop()
    fates = [await it for it in sending]
    assert {type(it) for it in fates} <= {Sent, NotNow}


async def test_over_many_deaths_nothing_is_lost_and_nothing_goes_twice(
    box: KannelBoxSite,
) -> None:
    fates: dict[str, object] = {}

    async def send(body: str) -> None:
        while True:
            outgoing = Outgoing(f"{body}-0", "+62811", None, Piece(body, "gsm7"))
            fate = await box.gateway.send(outgoing)
            if not isinstance(fate, NotNow):
                fates[body] = fate
                return
            await asyncio.sleep(0.02)

    async def die() -> None:
        for _ in range(3):
            await asyncio.sleep(0.1)
            await box.kannel.restart_after_death()
            await box.until(GatewayState.UP)

    limit = asyncio.Semaphore(50)

    async def limited(body: str) -> None:
        async with limit:
            await send(body)

    bodies = [f"text {number}" for number in range(1500)]
    dying = asyncio.create_task(die())
    await asyncio.gather(*(limited(body) for body in bodies))
    await dying
    sent = {body for body, fate in fates.items() if isinstance(fate, Sent)}
    assert len(sent) >= 1500 - 3 * 50
    assert all(isinstance(fates[body], Unknown) for body in set(bodies) - sent)
    await box.until(GatewayState.UP)
    while True:
        came = Counter(text.body.decode() for text in await box.kannel.wait_for_texts(0))
        if sent <= came.keys():
            break
        await asyncio.sleep(0.1)
    twice = {body: count for body, count in came.items() if count > 1}
    assert not twice
