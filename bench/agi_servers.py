"""`python -m bench.agi_servers ours|bare PORT`: the two FastAGI servers that are compared.

Both give every session the same one command, wait for its answer and close.
"""

from __future__ import annotations

import asyncio
import sys
from datetime import UTC, datetime

import structlog

from agi.call import Call
from agi.registry import Script
from agi.server import FastAgiServer
from agi.services import MissedCall, OfficeState, Services, TextWanted
from cli.logs import set_up_logs
from cli.systemd import notify

SCRIPT = "one-command"
VARIABLE, VALUE = "VOXPOST_RESULT", "done"


class NoServices:
    """Services that the script does not ask."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def office_state(self, now: datetime) -> OfficeState:
        return OfficeState(open=True)

    async def hand_over_voicemail(self, mailbox: str) -> int:
        return 0

    async def hand_over_missed_call(self, missed: MissedCall) -> None:
        return None

    async def send_text(self, wanted: TextWanted) -> str:
        return ""


async def one_command(call: Call, services: Services) -> None:
    """The script."""
    await call.set_variable(VARIABLE, VALUE)


async def ours(port: int) -> None:
    """voxpost's server, as the daemon starts it."""
    set_up_logs("json")
    scripts = {SCRIPT: Script(SCRIPT, 10, one_command)}
    async with FastAgiServer(scripts, NoServices(), port=port):
        await _for_ever()


async def bare(port: int) -> None:
    """What anybody would write with asyncio: no limits, no escaping, no log, no second thought.

    It reads the header, as a server of more than one script must.
    """
    command = f'SET VARIABLE {VARIABLE} "{VALUE}"\n'.encode()

    async def session(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        header = (await reader.readuntil(b"\n\n")).decode()
        environment = dict(line.split(": ", 1) for line in header.split("\n") if line)
        if environment["agi_network_script"] == SCRIPT:
            writer.write(command)
            await reader.readline()
        writer.close()

    async with await asyncio.start_server(session, "127.0.0.1", port, backlog=4096):
        await _for_ever()


async def _for_ever() -> None:
    structlog.get_logger().info("ready")
    notify("READY=1")
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run({"ours": ours, "bare": bare}[sys.argv[1]](int(sys.argv[2])))
