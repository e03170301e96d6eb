"""`python -m bench.study.bare_agi PORT`: the least that can answer AGI, to compare with.

It sets the variables that voxpost's office-hours sets, and has nothing else: no limits, no
escaping, no log.
"""

from __future__ import annotations

import asyncio
import sys

from cli.systemd import notify
from lab.ports import LOOPBACK

COMMANDS = tuple(
    f'SET VARIABLE {name} "{value}"\n'.encode()
    for name, value in (
        ("VOXPOST_GREETING", ""),
        ("VOXPOST_DESTINATION", "1001"),
        ("VOXPOST_OFFICE", "open"),
        ("VOXPOST_RESULT", "done"),
    )
)


async def serve(port: int) -> None:
    """Answer for ever."""
    async with await asyncio.start_server(_session, LOOPBACK, port, backlog=4096):
        notify("READY=1")
        await asyncio.Event().wait()


async def _session(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        await reader.readuntil(b"\n\n")
        for command in COMMANDS:
            writer.write(command)
            await reader.readline()
    except (asyncio.IncompleteReadError, ConnectionError):
        pass  # the caller hung up
    finally:
        writer.close()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1])))
