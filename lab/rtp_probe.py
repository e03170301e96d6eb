"""One measured call through an Asterisk: what it loses, how long it takes, how evenly it comes.

`measure_rtp` lets Asterisk call this program by UnicastRTP, without SIP, and echo what it hears.
The program sends a packet each 20 ms (RFC 3551: PCMU) and takes the times of those that come
back from the kernel, in a process of its own.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import select
import socket
import struct
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lab.asterisk import PrivateAsterisk
from lab.errors import LabError
from lab.load_result import Delays
from lab.ports import LOOPBACK, PortFinder
from lab.processes import run_program

EVERY = 20_000_000  # nanoseconds; 160 samples at 8 kHz
SAMPLES = 160
LINGER = 3.0  # seconds that the last packets have to come back; what is later is lost
MARK = struct.Struct("!8sI")  # at the head of the sound: what makes it ours, its number
OURS = b"voxprobe"
HEAD = struct.Struct("!BBHII")  # RFC 3550, 5.1: version, payload type 0, number, time, source
TIME = struct.Struct("qq")  # struct timespec
SO_TIMESTAMPNS = 35  # asm-generic/socket.h; Python has no name for it


@dataclass(frozen=True)
class RtpResult:
    """What became of the packets of one call.

    Arguments:
        sent, lost: packets.
        round_trip: to Asterisk and back, in milliseconds.
        jitter: interarrival jitter (RFC 3550, 6.4.1) in milliseconds, as it stood after each
            packet.
    """

    sent: int
    lost: int
    round_trip: Delays
    jitter: Delays

    @property
    def lost_percent(self) -> float:
        return 100 * self.lost / self.sent if self.sent else 0.0


def rtp_result(sent: Sequence[int], received: Mapping[int, int]) -> RtpResult:
    """Reckon from times in nanoseconds: when each packet left, and by its number, when it came."""
    jitter = 0.0
    jitters: list[float] = []
    before: int | None = None
    # By arrival, as RFC 3550 wants it.
    for number, came in sorted(received.items(), key=lambda item: item[1]):
        transit = came - sent[number]
        if before is not None:
            jitter += (abs(transit - before) / 1e6 - jitter) / 16
            jitters.append(jitter)
        before = transit
    trips = ((came - sent[number]) / 1e6 for number, came in received.items())
    return RtpResult(len(sent), len(sent) - len(received), Delays.of(trips), Delays.of(jitters))


async def measure_rtp(asterisk: PrivateAsterisk, ports: PortFinder, seconds: float) -> RtpResult:
    """Measure one call for so many seconds. Raises LabError when Asterisk does not call."""
    port = ports.run_of(2)
    name = f"UnicastRTP/{LOOPBACK}:{port}"
    said = await asterisk.rx(f"channel originate {name}/c(ulaw) application Echo")
    channel, echo_port = await _channel(asterisk, name, said)
    try:
        command = [sys.executable, "-m", "lab.rtp_probe", str(port), echo_port, str(seconds)]
        code, printed = await run_program(command, seconds + LINGER + 20)
    finally:
        await asterisk.rx(f"channel request hangup {channel}")
    if code != 0:
        raise LabError(f"the RTP probe failed: {printed.strip()}")
    times = json.loads(printed)
    return rtp_result(times["sent"], {int(it): came for it, came in times["received"].items()})


async def _channel(asterisk: PrivateAsterisk, name: str, said: str) -> tuple[str, str]:
    """Asterisk's name for the call, and the port that it listens on."""
    for _ in range(100):
        for line in (await asterisk.rx("core show channels concise")).splitlines():
            channel = line.split("!")[0]
            if not channel.startswith(name):
                continue
            for shown in (await asterisk.rx(f"core show channel {channel}")).splitlines():
                if shown.startswith("UNICASTRTP_LOCAL_PORT="):
                    return channel, shown.partition("=")[2].strip()
        await asyncio.sleep(0.05)  # Asterisk tells nobody
    raise LabError(f"Asterisk does not call {name}: {said}")


def probe(port: int, echo_port: int, seconds: float) -> tuple[list[int], dict[int, int]]:
    """Send for so many seconds from a port to Asterisk's, and gather what comes back.

    Returns when each packet left and, by number, came, in nanoseconds since 1970.
    """
    sent: list[int] = []
    received: dict[int, int] = {}
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as audio:
        audio.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        audio.bind((LOOPBACK, port))
        audio.setblocking(False)
        begin = time.monotonic_ns()
        for number in range(int(seconds * 1e9) // EVERY):
            _gather(audio, begin + number * EVERY, received)
            packet = _packet(number)
            sent.append(time.time_ns())
            with contextlib.suppress(OSError):  # nobody listens any more: lost
                audio.sendto(packet, (LOOPBACK, echo_port))
        last = time.monotonic_ns() + int(LINGER * 1e9)
        while len(received) < len(sent) and time.monotonic_ns() < last:
            _gather(audio, min(last, time.monotonic_ns() + EVERY), received)
    return sent, received


def _packet(number: int) -> bytes:
    head = HEAD.pack(0x80, 0, number & 0xFFFF, number * SAMPLES & 0xFFFFFFFF, 0x766F78)
    return head + MARK.pack(OURS, number).ljust(SAMPLES, b"\xff")


def _gather(audio: socket.socket, until: int, received: dict[int, int]) -> None:
    poll = select.poll()
    poll.register(audio, select.POLLIN)
    while (left := until - time.monotonic_ns()) > 0:
        # poll() knows milliseconds alone; the rest is slept.
        if poll.poll(left // 1_000_000):
            _take(audio, received)
        elif left < 1_000_000:
            time.sleep(max(0, until - time.monotonic_ns()) / 1e9)


def _take(audio: socket.socket, received: dict[int, int]) -> None:
    try:
        packet, notes, _, _ = audio.recvmsg(2048, socket.CMSG_SPACE(TIME.size))
    except OSError:
        return
    for level, kind, note in notes:
        if (level, kind) == (socket.SOL_SOCKET, SO_TIMESTAMPNS) and len(packet) >= 24:
            ours, number = MARK.unpack_from(packet, HEAD.size)
            whole, rest = TIME.unpack(note)
            if ours == OURS:
                received.setdefault(number, whole * 1_000_000_000 + rest)


def main(arguments: list[str]) -> None:
    """Probe and print the times as JSON. arguments: our port, Asterisk's, seconds."""
    # What delays this process would be told as Asterisk's delay.
    with contextlib.suppress(PermissionError):
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
    sent, received = probe(int(arguments[0]), int(arguments[1]), float(arguments[2]))
    sys.stdout.write(json.dumps({"sent": sent, "received": received}))


if __name__ == "__main__":
    main(sys.argv[1:])
