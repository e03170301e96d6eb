"""`python -m bench.ami_stream PORT FILE EVENTS`: plays recorded AMI events to who logs in.

FILE holds the events. As many as asked for, EVENTS, are sent as fast as they are read.
"""

from __future__ import annotations

import asyncio
import re
import sys
from collections.abc import Sequence
from pathlib import Path

from cli.systemd import notify

BANNER = b"Asterisk Call Manager/11.0.0\r\n"
WANTED = "MessageWaiting"
ONE_IN = 50
END = b"\r\n\r\n"
_BOOTED = b"Event: FullyBooted\r\nPrivilege: system,all\r\nStatus: Fully Booted\r\n\r\n"
_NAME = re.compile(rb"Event: (\w+)\r\n")
_ACTION_ID = re.compile(rb"ActionID: (\S+)\r\n")


def one_in_fifty(recorded: bytes) -> list[bytes]:
    """Recorded packets in order, of which every fiftieth is a wanted event and no other.

    Raises ValueError when the recording has no wanted event.
    """
    names = [(match[1], packet) for packet in recorded.split(END) if (match := _NAME.match(packet))]
    wanted = [packet + END for name, packet in names if name == WANTED.encode()]
    others = [
        packet + END for name, packet in names if name not in (WANTED.encode(), b"FullyBooted")
    ]
    if not wanted or not others:
        raise ValueError(f"the recording has no {WANTED} event, or nothing else")
    played = []
    for number in range(ONE_IN * max(len(wanted), len(others) // (ONE_IN - 1))):
        place, within = divmod(number, ONE_IN)
        last = within == ONE_IN - 1
        source, index = (wanted, place) if last else (others, number - place)
        played.append(source[index % len(source)])
    return played


async def play(packets: Sequence[bytes], port: int, events: int) -> None:
    """Serve until ended; everybody who logs in is sent `events` events, a multiple of 50."""
    whole = b"".join(packets)
    times, rest = divmod(events, len(packets))
    stream = [whole] * times + [b"".join(packets[:rest])]

    async def client(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(BANNER)
        logged_in = False
        while True:
            try:
                action = await reader.readuntil(END)
            except (asyncio.IncompleteReadError, ConnectionError):
                return
            match = _ACTION_ID.search(action)
            identity = b"ActionID: " + (match[1] if match else b"") + b"\r\n"
            writer.write(b"Response: Success\r\n" + identity + b"Message: Done\r\n\r\n")
            if not logged_in:
                logged_in = True
                writer.write(_BOOTED)
                for part in stream:
                    writer.write(part)
                    await writer.drain()

    async with await asyncio.start_server(client, "127.0.0.1", port):
        notify("READY=1")
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(
        play(one_in_fifty(Path(sys.argv[2]).read_bytes()), int(sys.argv[1]), int(sys.argv[3]))
    )
