"""Free ports on loopback."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from random import Random

from lab.errors import LabError

LOOPBACK = "127.0.0.1"
# Below 32768, where Linux takes the ports of outgoing connections from.
FIRST, LAST = 12000, 30000
VARIABLE = "VOXPOST_LAB_PORTS"


class PortFinder:
    """Hands out ports that nobody listens on, none of them twice.

    One after the other, so that room stays for a long run.

    Arguments:
        random: where to begin, so that two labs on one machine look at different places.
        among: the ports to choose from.
    """

    def __init__(self, random: Random, among: range = range(FIRST, LAST)) -> None:
        self._among = among
        self._next = random.randrange(among.start, among.stop)
        self._given: set[int] = set()

    def one(self) -> int:
        """A port that is free for TCP and for UDP. Raises LabError."""
        return self.run_of(1)

    def run_of(self, length: int) -> int:
        """The first, even one of `length` free ports in a row. Raises LabError."""
        looked_at = 0
        lowest, end = self._among.start, self._among.stop
        while looked_at < end - lowest + length:
            first = self._next + self._next % 2
            if first + length > end:
                looked_at += end - self._next
                self._next = lowest
                continue
            ports = range(first, first + length)
            taken = next((port for port in ports if not self._is_free(port)), None)
            self._next = ports.stop if taken is None else taken + 1
            if taken is None:
                self._given.update(ports)
                return first
            looked_at += taken + 1 - first
        raise LabError(f"no {length} free ports in a row between {lowest} and {end}")

    def _is_free(self, port: int) -> bool:
        return port not in self._given and _is_free(port)


def free_ports(environ: Mapping[str, str]) -> PortFinder:
    """A finder among the ports that VOXPOST_LAB_PORTS leaves us, as 12000-21000; else among all.

    So programs that run beside each other need not look at the same places. Raises LabError.
    """
    first, _, end = environ.get(VARIABLE, f"{FIRST}-{LAST}").partition("-")
    if not (first.isdecimal() and end.isdecimal() and 1024 <= int(first) < int(end) <= 65536):
        raise LabError(f"{VARIABLE} is no range of ports like 12000-21000")
    return PortFinder(Random(), range(int(first), int(end)))


def _is_free(port: int) -> bool:
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
        with closing(socket.socket(socket.AF_INET, kind)) as attempt:
            if kind is socket.SOCK_STREAM:
                # A port whose last connection is in TIME_WAIT is free for a server.
                attempt.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                attempt.bind((LOOPBACK, port))
            except OSError:
                return False
    return True


@dataclass(frozen=True)
class AsteriskPorts:
    """The ports of one private Asterisk, all on loopback.

    agi and phone are not Asterisk's: it calls a FastAGI server and a phone there.
    """

    ami: int
    sip: int
    http: int
    rtp_first: int
    rtp_last: int
    agi: int
    phone: int

    @classmethod
    def pick(cls, finder: PortFinder, *, rtp: int = 100) -> AsteriskPorts:
        """Take free ports. rtp: how many for audio; a call needs two of each leg."""
        first = finder.run_of(rtp)
        return cls(
            ami=finder.one(),
            sip=finder.one(),
            http=finder.one(),
            rtp_first=first,
            rtp_last=first + rtp - 1,
            agi=finder.one(),
            phone=finder.one(),
        )
