"""`voxpost run` as a process: its log by event, its word to systemd, its end."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from secrets import token_hex
from typing import Any

from tests.cli.site_folder import ROOT


class DaemonProcess:
    """A running daemon. `lines` is its whole log so far."""

    def __init__(self, process: asyncio.subprocess.Process, systemd: socket.socket) -> None:
        self._process = process
        self._systemd = systemd
        self.lines: list[str] = []
        self._grown = asyncio.Condition()
        self._reading = asyncio.create_task(self._read())

    async def told_systemd(self, state: str, timeout: float = 20) -> None:
        """Wait until it says this to systemd."""
        telling = asyncio.ensure_future(self._telling(state))
        await asyncio.wait(
            (telling, self._reading), timeout=timeout, return_when=asyncio.FIRST_COMPLETED
        )
        # What it said last may still stand in the socket when it has ended.
        await asyncio.wait((telling,), timeout=1)
        if not telling.done():
            telling.cancel()
            raise AssertionError(f"it did not say {state}. Its log:\n{self.log}")

    async def logged(
        self, event: str, *, times: int = 1, timeout: float = 20
    ) -> list[dict[str, Any]]:
        """Wait until an event stands in the log so often; those that came before count."""
        async with asyncio.timeout(timeout), self._grown:
            await self._grown.wait_for(lambda: len(self._find(event)) >= times)
        return self._find(event)

    def signal(self, number: signal.Signals) -> None:
        self._process.send_signal(number)

    async def ended(self, timeout: float = 30) -> int:
        """Wait for its end; returns the exit code."""
        async with asyncio.timeout(timeout):
            code = await self._process.wait()
            await self._reading
        return code

    @property
    def log(self) -> str:
        return "\n".join(self.lines)

    async def _telling(self, state: str) -> None:
        loop = asyncio.get_running_loop()
        while (await loop.sock_recv(self._systemd, 4096)).decode() != state:
            pass

    def _find(self, event: str) -> list[dict[str, Any]]:
        found = []
        for line in self.lines:
            with suppress(ValueError):
                data = json.loads(line)
                if isinstance(data, dict) and data.get("event") == event:
                    found.append(data)
        return found

    async def _read(self) -> None:
        assert self._process.stderr is not None
        async for line in self._process.stderr:
            async with self._grown:
                self.lines.append(line.decode().rstrip("\n"))
                self._grown.notify_all()

    async def kill(self) -> None:
        if self._process.returncode is None:
            with suppress(ProcessLookupError):
                self._process.kill()
        await self.ended()


@asynccontextmanager
async def running(
    site_file: Path, environment: Mapping[str, str] | None = None
) -> AsyncIterator[DaemonProcess]:
    """Start `voxpost run`, and wait until it is ready; killed at the end if it still runs."""
    address = f"\0voxpost-test-{token_hex(8)}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.setblocking(False)
        systemd.bind(address)
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "cli", "run", "--site", str(site_file)),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
            cwd=ROOT,
            env={**os.environ, "NOTIFY_SOCKET": f"@{address[1:]}", **(environment or {})},
        )
        daemon = DaemonProcess(process, systemd)
        try:
            await daemon.told_systemd("READY=1")
            yield daemon
        finally:
            await daemon.kill()
