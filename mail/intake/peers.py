"""Who may connect: the mail server, and nobody else."""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import Sequence

_FRESH = 60.0  # seconds that a name's addresses hold
_PATIENCE = 5.0  # seconds for the name server

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class Peers:
    """The hosts that may connect, by address or by name."""

    def __init__(self, hosts: Sequence[str]) -> None:
        self._addresses: set[Address] = set()
        self._names: list[str] = []
        self._resolved: set[Address] = set()
        self._resolved_at = float("-inf")
        for host in hosts:
            address = _address(host)
            if address is None:
                self._names.append(host)
            else:
                self._addresses.add(address)

    async def may_connect(self, host: str) -> bool:
        """Whether a peer is one of them; a name that cannot be looked up is nobody."""
        address = _address(host)
        if address is None:
            return False
        if address in self._addresses or not self._names:
            return address in self._addresses
        loop = asyncio.get_running_loop()
        if loop.time() - self._resolved_at > _FRESH:
            self._resolved = await self._look_up()
            self._resolved_at = loop.time()
        return address in self._resolved

    async def _look_up(self) -> set[Address]:
        found: set[Address] = set()
        for name in self._names:
            try:
                async with asyncio.timeout(_PATIENCE):
                    answers = await asyncio.get_running_loop().getaddrinfo(name, None)
            except (OSError, UnicodeError):  # TimeoutError is an OSError
                continue
            found |= {it for answer in answers if (it := _address(str(answer[4][0]))) is not None}
        return found


def _address(text: str) -> Address | None:
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    mapped = getattr(address, "ipv4_mapped", None)  # of a socket that listens on "::"
    return address if mapped is None else mapped
