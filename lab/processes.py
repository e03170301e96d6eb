"""A program of the lab as a child process: started, tethered, stopped by its own id."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from lab import tether


class Child:
    """A child process that writes its output to a file and does not outlive this process.

    It is bound to no event loop: it may be started in one and stopped in another.
    Must be started in a thread that lasts (see tether.py).

    name: for messages. command: what to run. output: the file that its words go to.
    changes_user: the program gives up root; then `pid` is its keeper's.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        output: Path,
        environment: Mapping[str, str] | None = None,
        *,
        changes_user: bool = False,
    ) -> None:
        self.name = name
        self._output = output
        stay = ["--stay"] if changes_user else []
        words = [sys.executable, "-I", "-S", tether.__file__, *stay, str(os.getpid()), *command]
        with output.open("ab") as stream:
            self._process = subprocess.Popen(
                words,
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=stream,
                env=None if environment is None else dict(environment),
                # Ctrl-C in a terminal is for us; we stop our children in order.
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    def is_running(self) -> bool:
        """Whether it still runs."""
        return self._process.poll() is None

    def last_words(self, lines: int = 12) -> str:
        """The end of its output."""
        return tail(self._output, lines)

    async def ended(self) -> int:
        """Wait until it ended, and return its exit code."""
        loop = asyncio.get_running_loop()
        if self._process.poll() is None:
            descriptor = os.pidfd_open(self._process.pid)
            gone = asyncio.Event()
            loop.add_reader(descriptor, gone.set)
            try:
                await gone.wait()
            finally:
                loop.remove_reader(descriptor)
                os.close(descriptor)
        return self._process.wait()

    async def stop(self, grace: float = 5.0) -> None:
        """End it with SIGTERM, and after `grace` seconds with SIGKILL."""
        if self.is_running():
            self._process.send_signal(signal.SIGTERM)
            try:
                async with asyncio.timeout(grace):
                    await self.ended()
            except TimeoutError:
                self._process.kill()
        await self.ended()


async def run_program(
    command: Sequence[str],
    timeout: float = 30.0,
    environment: Mapping[str, str] | None = None,
) -> tuple[int, str]:
    """Run a program to its end: its exit code and what it printed.

    timeout: seconds. Raises TimeoutError, after it was killed.
    """
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env=None if environment is None else dict(environment),
    )
    try:
        async with asyncio.timeout(timeout):
            printed, _ = await process.communicate()
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
    return process.returncode or 0, printed.decode(errors="replace")


def tail(file: Path, lines: int) -> str:
    """The last lines of a file that may grow; empty when there is none."""
    try:
        with file.open("rb") as stream:
            stream.seek(max(0, stream.seek(0, os.SEEK_END) - 300 * lines))
            text = stream.read().decode(errors="replace")
    except OSError:
        return ""
    return "\n".join(text.splitlines()[-lines:])
