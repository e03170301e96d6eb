"""voxpost as a box of a real bearerbox: what is its own. test_kannel.py has the rest."""

import asyncio
import math
from collections import Counter

from sms.gateway import GatewayState, NotNow, Outgoing, Sent, Unknown
from sms.gateways.kannel_box.session import Patience
from sms.piece import Piece
from tests.with_sms.kannel_box_site import KannelBoxSite


async def test_what_comes_while_voxpost_is_away_is_brought_later(box: KannelBoxSite) -> None:
    await box.leave()
    await box.kannel.bring_in("+62 100 text one", "+62 100 text two")
    await box.join()
    await box.inbox.until(lambda it: len(it.came) == 2)
    assert {it.body for it in box.inbox.came} == {"one", "two"}


async def test_what_was_not_acknowledged_outlives_bearerboxs_death(box: KannelBoxSite) -> None:
    box.inbox.failures = math.inf
    await box.kannel.bring_in("+62 100 text hello")
    await box.inbox.until(lambda it: bool(it.refused))
    await box.kannel.restart_after_death()
    box.inbox.failures = 0
    await box.inbox.until(lambda it: len(it.came) == 1)
    assert {box.inbox.came[0].key} == set(box.inbox.refused)


async def test_what_was_acknowledged_does_not_come_again(box: KannelBoxSite) -> None:
    await box.kannel.bring_in("+62 100 text one")
    await box.inbox.until(lambda it: len(it.came) == 1)
    said = "Connection closed by the box"
    before = box.kannel.log().count(said)
    await box.leave()
    async with asyncio.timeout(10):
        while box.kannel.log().count(said) == before:  # then it has read the ack
            await asyncio.sleep(0.01)
    await box.kannel.restart_after_death()
    await box.join()
    await box.kannel.bring_in("+62 100 text two")
    await box.inbox.until(lambda it: "two" in {text.body for text in it.came})
    assert [it.body for it in box.inbox.came] == ["one", "two"]


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
