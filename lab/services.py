"""Programs that say when they are ready (sd_notify(3)): started so far, stopped in order."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from lab.errors import DidNotStart
from lab.processes import Child

_READY = b"READY=1"


async def start_service(
    name: str,
    command: Sequence[str],
    output: Path,
    *,
    timeout: float = 30.0,
    environment: Mapping[str, str] | None = None,
) -> Child:
    """Start a program and wait until it says that it is ready.

    Arguments:
        output: the file that its words go to; its folder's path must be short, for a socket.
        timeout: seconds.
        environment: this process's own, if none is given.

    Raises:
        DidNotStart: it ended or took longer; with its last words.
    """
    with _Notice(output.parent / "ready") as notice:
        variables = {**(environment or os.environ), "NOTIFY_SOCKET": str(notice.path)}
        child = Child(name, command, output, variables)
        try:
            await notice.wait(child, timeout)
        except BaseException:
            await child.stop()
            raise
    return child


@asynccontextmanager
async def service(
    name: str,
    command: Sequence[str],
    output: Path,
    *,
    timeout: float = 30.0,
    grace: float = 25.0,
    environment: Mapping[str, str] | None = None,
) -> AsyncIterator[Child]:
    """A program in use from the moment when it is ready; as start_service().

    grace: seconds that it has to end.
    """
    child = await start_service(name, command, output, timeout=timeout, environment=environment)
    try:
        yield child
    finally:
        await child.stop(grace)


class _Notice:
    """The socket on which a program says that it is ready.

    path: where the socket stands while in use; short, as a socket's path has 108 bytes.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)

    def __enter__(self) -> _Notice:
        self._socket.setblocking(False)
        self.path.unlink(missing_ok=True)
        self._socket.bind(str(self.path))
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()
        self.path.unlink(missing_ok=True)

    async def wait(self, child: Child, timeout: float) -> None:
        """Wait until the child is ready.

        timeout: seconds. Raises DidNotStart when it ends or takes longer.
        """
        ready = asyncio.ensure_future(self._ready())
        ended = asyncio.ensure_future(child.ended())
        try:
            await asyncio.wait((ready, ended), timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (ready, ended):
                task.cancel()
            await asyncio.gather(ready, ended, return_exceptions=True)
        if ready.cancelled():
            why = "ended" if not child.is_running() else f"was not ready in {timeout:.0f} seconds"
            raise DidNotStart(f"{child.name} {why}. Its last words:\n{child.last_words()}")

    async def _ready(self) -> None:
        loop = asyncio.get_running_loop()
        while _READY not in (await loop.sock_recv(self._socket, 4096)).splitlines():
            pass
