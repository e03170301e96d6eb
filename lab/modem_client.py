"""The lab's modem as tests and the demo use it: started, told, asked."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import lab
from lab.errors import LabError
from lab.modem_faults import Stage, What
from lab.modem_network import Submitted
from lab.services import service

_LONGEST = 16 * 1024 * 1024  # bytes of an answer


@dataclass(frozen=True, slots=True)
class ModemState:
    """How the modem is.

    Arguments:
        stored: texts in each storage.
        heard: what was said to it, in order.
        unheard: bytes that were said to it while it hung.
    """

    stored: dict[str, int]
    waiting: int
    submitted: int
    heard: list[str]
    pin_tries_left: int
    plugged: bool
    hanging: bool
    unheard: int


class ModemControl:
    """Tells the modem what to do.

    Arguments:
        link: the name of its port.
        control: its control socket.
        record: what was sent, which stays when the program ends.
    """

    def __init__(self, link: Path, control: Path, record: Path) -> None:
        self.link = link
        self.control = control
        self.record = record

    async def deliver(self, *pdus: str, store: str = "ME", inside: bool = False) -> ModemState:
        """Let texts come, in one burst; a full storage takes the rest when there is room.

        Arguments:
            pdus: in hex, the SMSC's address first.
            store: "ME" or "SM".
            inside: the modem says so in the middle of its next answer.
        """
        return ModemState(**await self._ask("deliver", pdus=pdus, store=store, inside=inside))

    async def submitted(self, after: int = 0) -> list[Submitted]:
        """What the network took, in order, but for the first `after`."""
        answer = await self._ask("submitted", after=after)
        return [Submitted(**text) for text in answer["submitted"]]

    async def wait_submitted(self, count: int, timeout: float = 10.0) -> list[Submitted]:
        """Wait until the network took so many. timeout: seconds. Raises TimeoutError."""
        async with asyncio.timeout(timeout):
            await self._ask("wait", submitted=count)
        return await self.submitted()

    async def wait_empty(self, timeout: float = 10.0) -> None:
        """Wait until the modem keeps no text, and none waits. Raises TimeoutError."""
        async with asyncio.timeout(timeout):
            await self._ask("wait")

    async def state(self) -> ModemState:
        return ModemState(**await self._ask("state"))

    async def hang(self, seconds: float | None = None) -> None:
        """Neither hear nor answer for so long, or until `wake`."""
        await self._ask("hang", seconds=seconds)

    async def wake(self) -> None:
        await self._ask("wake")

    async def say(self, data: bytes) -> None:
        """Say something out of turn."""
        await self._ask("say", hex=data.hex())

    async def garbage(self) -> None:
        """Say lines that are no UTF-8, and half lines."""
        await self._ask("say")

    async def unplug(self) -> None:
        await self._ask("unplug")

    async def plug(self, link: Path | None = None) -> None:
        """Plug it in again, under another name where one is given."""
        await self._ask("plug", link=None if link is None else str(link))

    async def fault(
        self, stage: Stage, what: What, *, answer: str = "ERROR", count: int = 1
    ) -> None:
        """Do something wrong at the next `count` occasions. answer: what REFUSE says."""
        await self._ask("fault", stage=stage, what=what, answer=answer, count=count)

    async def well(self) -> None:
        """Wake, and do nothing wrong any more."""
        await self._ask("well")

    async def reports(self, status: int | None) -> None:
        """Report on texts that are sent from now on. status: TP-ST, 0 is delivered."""
        await self._ask("reports", status=status)

    async def _ask(self, do: str, **fields: object) -> dict[str, Any]:
        reader, writer = await asyncio.open_unix_connection(self.control, limit=_LONGEST)
        try:
            writer.write(json.dumps({"do": do, **fields}).encode() + b"\n")
            line = await reader.readline()
        finally:
            writer.close()
            await writer.wait_closed()
        answer: dict[str, Any] = json.loads(line or b'{"error": "it ended"}')
        if "error" in answer:
            raise LabError(f"the modem cannot {do}: {answer['error']}")
        return answer


@asynccontextmanager
async def simulated_modem(
    folder: Path, *options: str, link: Path | None = None
) -> AsyncIterator[ModemControl]:
    """A modem for so long; its port is `folder`/modem if `link` does not name it.

    Arguments:
        folder: its own, with a short path.
        options: of the program: "--pin", "1234".
    """
    folder.mkdir(parents=True, exist_ok=True)
    control = ModemControl(link or folder / "modem", folder / "control", folder / "sent.jsonl")
    async with service("modem", command_of(control, options), folder / "log", environment=_here()):
        yield control


def command_of(control: ModemControl, options: Sequence[str] = ()) -> list[str]:
    """The program with its arguments."""
    places = ["--link", str(control.link), "--control", str(control.control)]
    record = ["--record", str(control.record)]
    return [sys.executable, "-m", "lab.modem", *places, *record, *options]


def _here() -> dict[str, str]:
    """The environment in which the program finds the lab."""
    ours = str(Path(lab.__file__).parent.parent)
    before = os.environ.get("PYTHONPATH")
    return {**os.environ, "PYTHONPATH": f"{ours}{os.pathsep}{before}" if before else ours}
