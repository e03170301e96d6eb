"""Free ports on loopback."""

from __future__ import annotations

import socket
from contextlib import closing
from dataclasses import dataclass
from random import Random

from lab.errors import LabError

LOOPBACK = "127.0.0.1"
# Below 32768, where Linux takes the ports of outgoing connections from.
FIRST, LAST = 12000, 30000


class PortFinder:
    """Hands out ports that nobody listens on, none of them twice.

    random: where to look, so that two labs on one machine look at different places.
    """

    def __init__(self, random: Random) -> None:
        self._random = random
        self._given: set[int] = set()

    def one(self) -> int:
        """A port that is free for TCP and for UDP. Raises LabError."""
        return self.run_of(1)

    def run_of(self, length: int) -> int:
        """The first, even one of `length` free ports in a row. Raises LabError."""
        for _ in range(200):
            first = self._random.randrange(FIRST, LAST - length, 2)
            ports = range(first, first + length)
            if self._given.isdisjoint(ports) and all(_is_free(port) for port in ports):
                self._given.update(ports)
                return first
        raise LabError(f"no {length} free ports in a row between {FIRST} and {LAST}")


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
