"""A gateway over the lab's modem, and what it brought."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from lab.modem_client import ModemControl, simulated_modem
from lab.modem_pdu import deliver_pdu
from pbx.gateways import ModemGateway
from sms.gateway import GatewayState, Outgoing
from sms.gateways.modem.gateway import Modem
from sms.gateways.modem.patience import Patience
from sms.gateways.modem.pins import PinTries
from sms.splitting import segments
from tests.sms.remembering_inbox import RememberingInbox

QUICK = Patience(
    greeting=1.0,
    command=3.0,
    network=3.0,
    sim_busy=2.0,
    step=0.05,
    quiet=0.05,
    write=2.0,
    inbox=5.0,
    send=10.0,
    facts=30.0,
    stop=2.0,
    first_delay=0.02,
    longest_delay=0.1,
    look=0.02,
)
HASTY = replace(QUICK, greeting=0.5, command=1.0, network=1.0)
"""Soon tired of a modem that hangs."""


@dataclass
class ModemSite:
    """The lab's modem, the gateway that has it, and its inbox. task: the gateway's `run`."""

    control: ModemControl
    gateway: Modem
    inbox: RememberingInbox
    task: asyncio.Task[None]

    async def up(self) -> None:
        await self.reaches(lambda: self.gateway.health().state is GatewayState.UP)

    async def down(self) -> None:
        await self.reaches(lambda: self.gateway.health().state is GatewayState.DOWN)

    async def reaches(self, condition: Callable[[], bool]) -> None:
        """Wait until it holds; the gateway tells nobody when its state changes."""
        while not condition():
            if self.task.done():
                self.task.result()
            await asyncio.sleep(0.01)


@asynccontextmanager
async def modem_site(
    *options: str, patience: Patience = QUICK, wait: bool = True, **settings: Any
) -> AsyncIterator[ModemSite]:
    """The lab's modem with the gateway running. wait: until it is up."""
    with tempfile.TemporaryDirectory(prefix="voxmodem") as folder:
        async with (
            simulated_modem(Path(folder), *options) as control,
            running(control, patience=patience, **settings) as site,
        ):
            if wait:
                await site.up()
            yield site


@asynccontextmanager
async def running(
    control: ModemControl, *, patience: Patience = QUICK, **settings: Any
) -> AsyncIterator[ModemSite]:
    """The gateway over a modem that runs."""
    section = ModemGateway(
        **{"name": "m", "kind": "modem", "device": control.link, "sweep": 30, **settings}
    )
    tries = PinTries(control.record.parent / "sim-pins", b"key")
    gateway = Modem(section, tries=tries, now=time.time, chance=lambda: 0.5, patience=patience)
    inbox = RememberingInbox()
    task = asyncio.create_task(gateway.run(inbox))
    try:
        yield ModemSite(control, gateway, inbox, task)
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


def outgoing(body: str = "hello", number: str = "+628123456789", key: str = "1-1") -> Outgoing:
    [piece] = segments(body, 0)
    return Outgoing(key, number, None, piece)


def texts(count: int, first: int = 0) -> list[str]:
    """PDUs of texts that say "text 0", "text 1", ..."""
    at = time.time()
    return [deliver_pdu("+628123456789", f"text {first + n}", at) for n in range(count)]
