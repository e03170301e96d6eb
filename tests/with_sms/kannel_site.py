"""voxpost's gateway to the smsbox of a private Kannel, and what it brought."""

import asyncio
import time
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import aiohttp

from lab.kannel import PrivateKannel
from lab.kannel_conf import PASSWORD, USERNAME, KannelPorts
from lab.packages import PackageTree
from lab.ports import PortFinder
from pbx.gateways import KannelGateway
from sms.gateway import Fate, Outgoing, Sent
from sms.gateways.http import new_session
from sms.gateways.kannel.gateway import Kannel
from sms.web import CallbackServer
from tests.sms.remembering_inbox import RememberingInbox

SECRET = "callback-secret-of-the-tests"
ARGUMENTS = "from=%p&to=%P&text=%b&coding=%c&charset=%C&smsc=%i&id=%I&t=%T&udh=%u"


class KannelSite:
    """A Kannel, the gateway to it, and what it brought."""

    reported = ("buffered", "delivered")
    """fakesmsc's texts have two reports each, in any order: the SMSC took it; it has arrived."""

    def __init__(self, tree: PackageTree, folder: Path, finder: PortFinder) -> None:
        self.inbox = RememberingInbox()
        self._callbacks = CallbackServer(
            "127.0.0.1", finder.one(), secret=SECRET, callbacks=self._callbacks_of
        )
        self.kannel = PrivateKannel(
            tree,
            folder,
            KannelPorts.pick(finder),
            incoming_url=f"{self._callbacks.url('kannel', 'incoming')}?{ARGUMENTS}",
        )
        self._stack = AsyncExitStack()
        self.gateway: Kannel

    async def __aenter__(self) -> "KannelSite":
        async with AsyncExitStack() as stack:
            session = await stack.enter_async_context(new_session())
            self.gateway = self.gateway_with(session)
            await self._callbacks.start()
            stack.push_async_callback(self._callbacks.stop)
            await stack.enter_async_context(self.kannel)
            running = asyncio.create_task(self.gateway.run(self.inbox))
            stack.callback(running.cancel)
            await asyncio.sleep(0)  # it takes the inbox before it waits for anything
            self._stack = stack.pop_all()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    def gateway_with(self, session: aiohttp.ClientSession, **settings: Any) -> Kannel:
        """A gateway; settings: as the site file's."""
        section = {
            "name": "kannel",
            "kind": "kannel",
            "url": self.kannel.sendsms_url,
            "username": USERNAME,
            "password": PASSWORD,
            "number": "100",
            **settings,
        }
        return Kannel(
            KannelGateway.model_validate(section),
            session=session,
            callback_url=lambda path: self._callbacks.url("kannel", path),
            now=time.time,
        )

    async def send(self, body: str, key: str = "1", number: str = "+6281100") -> list[Fate]:
        """Send a text; the fate of each piece. The keys are key-0, key-1, ..."""
        return [
            await self.gateway.send(Outgoing(f"{key}-{at}", number, None, piece))
            for at, piece in enumerate(self.gateway.pieces(body, 77))
        ]

    def taken(self, key: str) -> Sent:
        """The fate of a piece that went out."""
        return Sent(key, "0: Accepted for delivery")

    def kept(self, key: str) -> Sent:
        """The fate of a piece that Kannel keeps until its SMSC is there."""
        return Sent(key, "3: Queued for later delivery")

    def _callbacks_of(self, _: str) -> dict[str, Any]:
        return {callback.path: callback for callback in self.gateway.callbacks()}
