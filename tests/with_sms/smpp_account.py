"""A gateway with an account at the lab's SMSC."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from random import Random
from typing import Any

from lab.ports import LOOPBACK
from lab.smsc import Smsc
from pbx.gateways import SmppGateway
from sms.gateway import GatewayState, Outgoing
from sms.gateways.smpp.gateway import Pauses, Smpp
from sms.gateways.smpp.session import Patience
from sms.piece import Piece
from tests.free_ports import free_ports
from tests.sms.remembering_inbox import RememberingInbox

QUICK = Patience(connect=2.0, answer=1.0, silence=5.0, farewell=0.5)
AT_ONCE = Pauses(lost=(0.02, 0.02), refused=(60.0, 60.0), stalled=(0.3, 0.3))


def make_smsc(**arguments: Any) -> Smsc:
    """An SMSC with an account for the gateway, not yet open."""
    return Smsc(free_ports().one(), accounts={"clinic": "s3cret"}, **arguments)


def settings_for(smsc: Smsc, **changes: Any) -> SmppGateway:
    section = {
        "kind": "smpp",
        "name": "operator",
        "host": LOOPBACK,
        "port": smsc.port,
        "system_id": "clinic",
        "password": "s3cret",
        "number": "+62811000111",
    }
    section = {key: value for key, value in (section | changes).items() if value is not None}
    return SmppGateway.model_validate(section)


@asynccontextmanager
async def running(
    smsc: Smsc,
    inbox: RememberingInbox,
    *,
    patience: Patience = QUICK,
    pauses: Pauses = AT_ONCE,
    bound: bool = True,
    **changes: Any,
) -> AsyncIterator[Smpp]:
    """A gateway that runs. bound: wait until it is."""
    gateway = Smpp(
        settings_for(smsc, **changes),
        now=time.time,
        clock=time.monotonic,
        chance=Random(4).random,
        patience=patience,
        pauses=pauses,
    )
    task = asyncio.create_task(gateway.run(inbox))
    try:
        if bound:
            await until_up(gateway)
        yield gateway
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    assert task.cancelled(), task.exception()


async def until_up(gateway: Smpp) -> None:
    await until_state(gateway, GatewayState.UP)


async def until_state(gateway: Smpp, state: GatewayState) -> None:
    async with asyncio.timeout(10):
        while gateway.health().state is not state:
            await asyncio.sleep(0.005)


def text_of(
    body: str = "Halo", key: str = "1-0", number: str = "+628123456789", **fields: Any
) -> Outgoing:
    return Outgoing(key, number, fields.pop("own_number", None), Piece(body, "gsm7", **fields))
