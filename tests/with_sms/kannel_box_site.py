"""voxpost as a box of a private bearerbox, and what it brought."""

import asyncio
import time
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from lab.kannel import PrivateKannel
from lab.kannel_conf import SMSC_OUT, KannelPorts
from lab.packages import PackageTree
from lab.ports import PortFinder
from pbx.gateways import KannelBoxGateway
from sms.gateway import Fate, GatewayState, Outgoing, Sent
from sms.gateways.kannel_box.gateway import KannelBox, Pauses
from sms.gateways.kannel_box.session import Patience
from tests.sms.remembering_inbox import RememberingInbox

QUICK = Pauses(lost=(0.05, 0.2), stalled=(0.05, 0.2), ledger=0.01)


class KannelBoxSite:
    """A bearerbox and fakesmsc, no smsbox, the gateway to it, and what it brought."""

    reported = ("delivered",)
    """The reports of a piece."""

    def __init__(self, tree: PackageTree, folder: Path, finder: PortFinder) -> None:
        self.inbox = RememberingInbox()
        self.kannel = PrivateKannel(tree, folder, KannelPorts.pick(finder), incoming_url=None)
        self.gateway = self.gateway_with()
        self._running: asyncio.Task[None] | None = None
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> "KannelBoxSite":
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(self.kannel)
            stack.push_async_callback(self.leave)
            await self.join()
            self._stack = stack.pop_all()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    def gateway_with(self, patience: Patience | None = None, **settings: Any) -> KannelBox:
        """A gateway; settings: as the site file's."""
        section = {
            "name": "kannel",
            "kind": "kannel-box",
            "port": self.kannel.ports.smsbox,
            "number": "100",
            "smsc": SMSC_OUT,
            **settings,
        }
        return KannelBox(
            KannelBoxGateway.model_validate(section),
            now=time.time,
            clock=time.monotonic,
            chance=lambda: 0.5,
            patience=patience or Patience(connect=5, answer=10, heartbeat=0.1, farewell=2),
            pauses=QUICK,
        )

    async def join(self, gateway: KannelBox | None = None) -> None:
        """Begin to be a box, and wait until we are one."""
        self.gateway = gateway or self.gateway
        self._running = asyncio.create_task(self.gateway.run(self.inbox))
        await self.until(GatewayState.UP)

    async def leave(self) -> None:
        """End as voxpost ends a gateway."""
        if self._running is not None:
            self._running.cancel()
            await asyncio.wait({self._running})

    async def until(self, state: GatewayState) -> None:
        """Wait until the gateway is so. Raises TimeoutError."""
        async with asyncio.timeout(20):
            while self.gateway.health().state is not state:
                await asyncio.sleep(0.01)

    async def send(self, body: str, key: str = "1", number: str = "+6281100") -> list[Fate]:
        """Send a text; the fate of each piece. The keys are key-0, key-1, ..."""
        return [
            await self.gateway.send(Outgoing(f"{key}-{at}", number, None, piece))
            for at, piece in enumerate(self.gateway.pieces(body, 77))
        ]

    def taken(self, _: str) -> Sent:
        """The fate of a piece that went out."""
        return Sent()

    def kept(self, _: str) -> Sent:
        """The fate of a piece that Kannel keeps until its SMSC is there."""
        return Sent(words="Kannel keeps it: none of its SMSCs is connected")
