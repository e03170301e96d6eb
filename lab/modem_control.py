"""The lab modem's control socket: a line of JSON asks, a line of JSON answers."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lab.modem_faults import GARBAGE, Fault, Stage, What

if TYPE_CHECKING:
    from lab.modem import SimulatedModem

_LONGEST = 16 * 1024 * 1024  # bytes of a request

Request = Mapping[str, Any]
Answer = Mapping[str, Any]
_NOTHING: Answer = {}


@asynccontextmanager
async def serve_control(modem: SimulatedModem, path: Path) -> AsyncIterator[None]:
    """Obey whoever connects to a unix socket."""
    requests = _Requests(modem)
    talks: set[asyncio.Task[None]] = set()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        talks.add(task)
        try:
            while line := await reader.readline():
                writer.write(json.dumps(await requests.obey(json.loads(line))).encode() + b"\n")
                await writer.drain()
        except (OSError, asyncio.CancelledError):
            pass  # the other side, or we, are gone
        finally:
            talks.discard(task)
            writer.transport.abort()

    path.unlink(missing_ok=True)
    server = await asyncio.start_unix_server(talk, path, limit=_LONGEST)
    try:
        yield
    finally:
        server.close()
        for task in tuple(talks):
            task.cancel()
        await asyncio.gather(*talks, return_exceptions=True)
        path.unlink(missing_ok=True)


class _Requests:
    """What the modem can be told and asked: the key `do` names a method here."""

    def __init__(self, modem: SimulatedModem) -> None:
        self._modem = modem
        self._inside = modem.inside
        self._known: Mapping[str, Callable[[Request], Awaitable[Answer]]] = {
            "deliver": self.deliver,
            "submitted": self.submitted,
            "wait": self.wait,
            "state": self.state,
            "hang": self.hang,
            "wake": self.wake,
            "say": self.say,
            "plug": self.plug,
            "unplug": self.unplug,
            "fault": self.fault,
            "well": self.well,
            "reports": self.reports,
        }

    async def obey(self, request: Request) -> Answer:
        """Do it; what goes wrong is the answer's `error`."""
        try:
            return await self._known[request["do"]](request)
        except (KeyError, ValueError, TypeError) as error:
            return {"error": f"{type(error).__name__}: {error}"}

    async def deliver(self, request: Request) -> Answer:
        """Let texts come: pdus, store, inside."""
        self._modem.bring(
            request.get("store", "ME"), request["pdus"], inside=request.get("inside", False)
        )
        return await self.state(request)

    async def submitted(self, request: Request) -> Answer:
        """All that was sent, from number `after` on."""
        texts = self._inside.network.submitted[request.get("after", 0) :]
        return {"submitted": [asdict(text) for text in texts]}

    async def wait(self, request: Request) -> Answer:
        """Wait until so many were submitted, or until all storage is empty and nothing waits."""
        network = self._inside.network

        def reached() -> bool:
            if "submitted" in request:
                return len(network.submitted) >= int(request["submitted"])
            return network.waiting == 0 and sum(self._used().values()) == 0

        async with network.changed:
            await network.changed.wait_for(reached)
        return await self.state(request)

    async def state(self, _: Request) -> Answer:
        inside = self._inside
        return {
            "stored": self._used(),
            "waiting": inside.network.waiting,
            "submitted": len(inside.network.submitted),
            "heard": list(inside.heard),
            "pin_tries_left": inside.sim.tries_left,
            "plugged": self._modem.line.plugged,
            "hanging": self._modem.hanging,
            "unheard": self._modem.unheard,
        }

    async def hang(self, request: Request) -> Answer:
        self._modem.hang(request.get("seconds"))
        return _NOTHING

    async def wake(self, _: Request) -> Answer:
        self._modem.wake()
        return _NOTHING

    async def say(self, request: Request) -> Answer:
        """Say bytes, in hex, out of turn; garbage where none are given."""
        self._modem.say(bytes.fromhex(request["hex"]) if "hex" in request else GARBAGE)
        return _NOTHING

    async def plug(self, request: Request) -> Answer:
        self._modem.plug(Path(request["link"]) if request.get("link") else None)
        return _NOTHING

    async def unplug(self, _: Request) -> Answer:
        self._modem.unplug()
        return _NOTHING

    async def fault(self, request: Request) -> Answer:
        """Do something wrong next: stage, what, answer, count."""
        fault = Fault(What(request["what"]), request.get("answer", "ERROR"))
        self._inside.faults.add(Stage(request["stage"]), fault, request.get("count", 1))
        return _NOTHING

    async def well(self, _: Request) -> Answer:
        """Do nothing wrong any more."""
        self._inside.faults.clear()
        self._modem.wake()
        return _NOTHING

    async def reports(self, request: Request) -> Answer:
        self._inside.network.report_status = request.get("status")
        return _NOTHING

    def _used(self) -> dict[str, int]:
        stores = self._inside.stores
        return {name: len(stores.texts(name)) for name in stores.names}
