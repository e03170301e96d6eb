"""panoramisk's Manager, cut down to one link that is opened once."""

from __future__ import annotations

import asyncio

from panoramisk import Manager

from ami.link import Link


class SingleLinkManager(Manager):  # type: ignore[misc]  # panoramisk has no types
    """Opens one link; never logs in, pings, reconnects or re-sends by itself.

    The base does all of that on timers of its own that nobody can stop: AmiConnection does
    it instead, in one task, with a new manager for each link.
    """

    def __init__(self, link: Link, host: str, port: int) -> None:
        super().__init__(
            host=host,
            port=port,
            encoding="utf8",
            loop=asyncio.get_running_loop(),
            protocol_factory=lambda: link,
        )

    async def open(self) -> Link:
        """Connect. Raises OSError; cancel it to give up."""
        await self.connect()
        link: Link = self.protocol
        return link

    def connection_made(self, f: asyncio.Future[tuple[asyncio.Transport, Link]]) -> None:
        """Keep the protocol. The base logs in at once and, on failure, tries for ever."""
        if not f.cancelled() and f.exception() is None:
            _, self.protocol = f.result()
