"""A private Kannel: bearerbox, smsbox and fakesmsc, unprivileged, on loopback ports."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable
from pathlib import Path

from lab.errors import DidNotStart, LabError
from lab.fake_smsc import CameOut, FakeSmsc
from lab.kannel_conf import KannelPorts, configuration
from lab.packages import PackageTree
from lab.ports import LOOPBACK
from lab.processes import Child

_START = 20.0  # seconds


class PrivateKannel:
    """One Kannel with an SMSC that takes all texts, from start to stop.

    fakesmsc connects to Kannel, one at a time to each SMSC of it. So there are two: texts go to
    `out`, whose fakesmsc prints them, and those that come in are brought to `in`, by a fakesmsc
    of their own each time.

    Arguments:
        tree: Kannel's packages, ensured.
        folder: its own.
        incoming_url: `get-url` of the service that gets all texts that come in. None: there is no
            smsbox, and the box BOX_ID gets them, whoever that is.

    Use it as `async with PrivateKannel(...) as kannel`. It ends with this process.
    """

    def __init__(
        self,
        tree: PackageTree,
        folder: Path,
        ports: KannelPorts,
        *,
        incoming_url: str | None,
    ) -> None:
        self.ports = ports
        self._tree = tree
        self._folder = folder
        self._incoming_url = incoming_url
        self._bearerbox: Child | None = None
        self._smsbox: Child | None = None
        self._smsc = FakeSmsc(tree, folder, ports.smsc_out)

    @property
    def sendsms_url(self) -> str:
        return f"http://{LOOPBACK}:{self.ports.sendsms}/cgi-bin/sendsms"

    async def start(self) -> None:
        """Write the configuration and start all three. Raises LabError."""
        for name in ("store", "dlr"):
            (self._folder / name).mkdir(parents=True, exist_ok=True)
        self._conf.write_text(configuration(self._folder, self.ports, self._incoming_url))
        self._bearerbox = self._box("bearerbox")
        try:
            for port in (self.ports.admin, self.ports.smsbox):
                await _listens(port, self._bearerbox)
            if self._incoming_url is not None:
                await self.start_smsbox()
            await self.start_smsc()
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        """Stop all of it; nothing happens when it does not run."""
        # bearerbox waits for ever for the end of an smsbox that it does not have.
        for box in (self._bearerbox, self._smsbox):
            if box:
                await box.stop(grace=1.2)
        await self._smsc.stop()

    async def restart_after_death(self) -> None:
        """Kill bearerbox, and start all anew."""
        self.kill("bearerbox")
        await self.stop()
        await self.start()

    async def start_smsbox(self) -> None:
        self._smsbox = self._box("smsbox")
        await _listens(self.ports.sendsms, self._smsbox)

    async def stop_smsbox(self) -> None:
        if self._smsbox:
            await self._smsbox.stop()

    async def start_smsc(self) -> None:
        """Connect the SMSC that takes texts."""
        connected = self._times_connected()
        await self._smsc.start()
        await self._until(lambda: self._times_connected() > connected, "fakesmsc's connection")

    async def stop_smsc(self) -> None:
        """Disconnect it: from now on Kannel queues."""
        ended = self.log().count("Closing connection")
        await self._smsc.stop()
        await self._until(lambda: self.log().count("Closing connection") > ended, "its end")

    async def wait_for_texts(self, count: int, timeout: float = 20.0) -> list[CameOut]:
        """Wait until the SMSC has got `count` texts, and return them all. Raises TimeoutError."""
        async with asyncio.timeout(timeout):
            while True:
                texts = self._smsc.came_out()
                if len(texts) >= count:
                    return texts
                await asyncio.sleep(0.02)

    def count_texts(self) -> int:
        """How many texts the SMSC has got, looked up without reading them all again."""
        return self._smsc.count()

    async def bring_in(self, *lines: str, apart: float = 0.0, count: int | None = None) -> None:
        """Let texts come in, in fakesmsc's own words, as "+62811 100 text hello".

        Arguments:
            apart: seconds between two.
            count: how many, chosen by chance among the lines; each once, if left out.
        """
        if count is not None:
            await self._bring(lines, apart, count)
            return
        for line in lines:
            await self._bring((line,), 0.0, 1)

    def log(self) -> str:
        """What bearerbox and smsbox have said."""
        return "".join(
            file.read_text(errors="replace")
            for name in ("bearerbox", "smsbox")
            if (file := self._folder / f"{name}.log").exists()
        )

    async def wait_for_log(self, text: str, timeout: float = 20.0) -> None:
        """Wait until one of the boxes has said a text. timeout: seconds."""
        await self._until(lambda: text in self.log(), text, timeout)

    def kill(self, box: str) -> None:
        """End "bearerbox" or "smsbox" without a warning."""
        self._signal(box, signal.SIGKILL)

    def freeze(self, box: str) -> None:
        """Let "bearerbox" or "smsbox" do nothing, until stop()."""
        self._signal(box, signal.SIGSTOP)

    def _signal(self, box: str, signal_number: signal.Signals) -> None:
        child = {"bearerbox": self._bearerbox, "smsbox": self._smsbox}[box]
        if child is None:
            raise LabError(f"{box} was not started")
        os.kill(child.pid, signal_number)

    async def __aenter__(self) -> PrivateKannel:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def _bring(self, lines: tuple[str, ...], apart: float, count: int) -> None:
        brought = FakeSmsc(self._tree, self._folder, self.ports.smsc_in, "in")
        await brought.bring(lines, apart, count)

    def _box(self, name: str) -> Child:
        command = [*self._tree.command(f"usr/sbin/{name}"), "-v", "1", str(self._conf)]
        return Child(name, command, self._folder / f"{name}.log")

    def _times_connected(self) -> int:
        return self.log().count("Fakesmsc client connected")

    async def _until(self, holds: Callable[[], bool], what: str, timeout: float = _START) -> None:
        try:
            async with asyncio.timeout(timeout):
                while True:
                    if holds():
                        return
                    await asyncio.sleep(0.02)
        except TimeoutError:
            raise DidNotStart(f"Kannel did not tell of {what}") from None

    @property
    def _conf(self) -> Path:
        return self._folder / "kannel.conf"


async def _listens(port: int, child: Child) -> None:
    """Wait until a port can be connected to. Raises DidNotStart."""
    try:
        async with asyncio.timeout(_START):
            while child.is_running():
                try:
                    _, writer = await asyncio.open_connection(LOOPBACK, port)
                except ConnectionRefusedError:
                    await asyncio.sleep(0.02)
                    continue
                writer.close()
                await writer.wait_closed()
                return
    except TimeoutError:
        pass
    raise DidNotStart(f"{child.name} does not listen. Its last words:\n{child.last_words()}")
