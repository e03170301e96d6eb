"""voxpost's gateway to a private Kannel, with an inbox that remembers."""

import asyncio
import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import aiohttp

from lab.kannel import PrivateKannel
from lab.kannel_conf import PASSWORD, USERNAME, KannelPorts
from lab.packages import PackageTree
from lab.ports import PortFinder
from ledger.errors import LedgerError
from pbx.gateways import KannelGateway
from sms.gateway import Fate, Incoming, Outgoing, Report
from sms.gateways.http import new_session
from sms.gateways.kannel import Kannel
from sms.piece import Piece
from sms.web import CallbackServer

SECRET = "callback-secret-of-the-tests"
ARGUMENTS = "from=%p&to=%P&text=%b&coding=%c&charset=%C&smsc=%i&id=%I&t=%T&udh=%u"


class Remembered:
    """An inbox. refuse: how many times it cannot take what comes."""

    def __init__(self) -> None:
        self.texts: list[Incoming] = []
        self.reports: list[Report] = []
        self.refused: list[str] = []
        self.refuse = 0
        self._changed = asyncio.Condition()

    async def received(self, text: Incoming) -> None:
        if self.refuse:
            self.refuse -= 1
            async with self._changed:
                self.refused.append(text.key)
                self._changed.notify_all()
            raise LedgerError("the disk is full")
        async with self._changed:
            self.texts.append(text)
            self._changed.notify_all()

    async def reported(self, report: Report) -> None:
        async with self._changed:
            self.reports.append(report)
            self._changed.notify_all()

    async def until(self, holds: Callable[["Remembered"], bool]) -> None:
        """Wait until something holds of it. Raises TimeoutError."""
        async with asyncio.timeout(20), self._changed:
            await self._changed.wait_for(lambda: holds(self))


class KannelSite:
    """A Kannel, the gateway to it, and what it brought."""

    def __init__(self, tree: PackageTree, folder: Path, finder: PortFinder) -> None:
        self.inbox = Remembered()
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
        """Send a text; the fate of each piece. The keys are key-1, key-2, ..."""
        return [
            await self.gateway.send(Outgoing(f"{key}-{at}", number, None, piece))
            for at, piece in enumerate(self.gateway.pieces(body, 77), 1)
        ]

    def _callbacks_of(self, _: str) -> dict[str, Any]:
        return {callback.path: callback for callback in self.gateway.callbacks()}


def piece_text(body: bytes, piece: Piece) -> str:
    """What left Kannel, as text; `piece` says in which alphabet."""
    return body.decode("utf-8" if piece.coding == "gsm7" else "utf-16-be")
