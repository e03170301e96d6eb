"""The gateway to the smsbox of a real Kannel: what is its own. test_kannel.py has the rest."""

import asyncio

from sms.gateway import GatewayState, NotNow, Outgoing, Refused, Sent, Unknown
from sms.gateways.http import new_session
from sms.piece import Piece
from tests.with_sms.kannel_site import KannelSite


async def test_its_health_is_known_before_the_first_text(site: KannelSite) -> None:
    async with asyncio.timeout(20):
        while site.gateway.health().state is not GatewayState.UP:
            await asyncio.sleep(0.01)
    assert await site.kannel.wait_for_texts(0) == []


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
