"""The process entry point: the same scripts, run by AGI(voxpost,agi,NAME) for one call."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import FrameType
from typing import BinaryIO, Final

import structlog

from agi import wire
from agi.call import Call
from agi.errors import BadHeader
from agi.pyst import SafeAgi
from agi.registry import Script, discover
from agi.replies import Reply
from agi.runner import run_script, tell
from agi.services import Services
from agi.statistics import ScriptStatistics
from agi.variables import Result
from pbx.apart import apart

# Any other than 0 may be AGISTATUS=FAILURE to Asterisk; the dialplan goes on all the same.
EXIT_DONE: Final = 0
EXIT_FAILED: Final = 1
EXIT_USAGE: Final = 2  # unknown script, or not started by Asterisk

HEADER_SECONDS: Final = 5.0


class ProcessChannel:
    """The process's pipes as a call.Channel: each blocking exchange in a thread of its own.

    hangup is set when SIGHUP comes.
    """

    def __init__(self, agi: SafeAgi, hangup: threading.Event) -> None:
        self._agi = agi
        self._hangup = hangup

    @property
    def hung_up(self) -> bool:
        """Whether SIGHUP or HANGUP has come."""
        return self._hangup.is_set() or bool(self._agi.hung_up)

    async def execute(self, command: bytes) -> Reply:
        """Send a command, return its reply. Raises CallEnded, ProtocolError."""
        return await apart(lambda: self._agi.ask(command))

    async def send_last(self, command: bytes) -> None:
        """Send a command and do not wait. Raises CallEnded."""
        await apart(lambda: self._agi.tell(command))


async def answer_as_process(
    name: str,
    services: Services,
    stdin: BinaryIO,
    stdout: BinaryIO,
    scripts: Mapping[str, Script] | None = None,
) -> int:
    """Run one script for the call at the other end of the pipes; returns the exit code.

    stdout belongs to Asterisk: the caller must have sent the log to stderr or elsewhere before
    (structlog prints to stdout unless it is told otherwise). scripts: discover()'s by default.
    """
    log = structlog.get_logger()
    with _hangup_noted() as hangup:
        try:
            async with asyncio.timeout(HEADER_SECONDS):
                agi = await apart(lambda: SafeAgi(stdin, stdout))
        except (BadHeader, TimeoutError) as error:
            log.warning("agi.not_started_by_asterisk", reason=str(error) or "no agi_ lines came")
            return EXIT_USAGE
        channel = ProcessChannel(agi, hangup)
        call = Call(channel, agi.env, name, args=_own_arguments(agi.env, name))
        known = discover() if scripts is None else scripts
        if (script := known.get(name)) is None:
            log.error("agi.unknown_script", script=name, known=sorted(known))
            await tell(call, Result.UNKNOWN_SCRIPT)
            return EXIT_USAGE
        result = await run_script(script, call, services, ScriptStatistics())
    return EXIT_DONE if result is Result.DONE else EXIT_FAILED


def _own_arguments(env: Mapping[str, str], name: str) -> tuple[str, ...]:
    # AGI(voxpost,agi,voicemail-left,1001@default): Asterisk counts our own command line in.
    arguments = wire.arguments(env)
    return arguments[arguments.index(name) + 1 :] if name in arguments else arguments


@contextmanager
def _hangup_noted() -> Iterator[threading.Event]:
    # Asterisk sends SIGHUP when the caller hangs up, which would kill the process in the middle
    # of a hand-over. Only the main thread may change that, and only there is it ours to change.
    hangup = threading.Event()

    def note(_number: int, _frame: FrameType | None) -> None:
        hangup.set()

    if threading.current_thread() is not threading.main_thread():
        yield hangup
        return
    before = signal.signal(signal.SIGHUP, note)
    try:
        yield hangup
    finally:
        signal.signal(signal.SIGHUP, before)
