"""The cable of the lab's modem: a pseudo terminal, and the link that names its far end."""

from __future__ import annotations

import asyncio
import os
import tty
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

_MOST_UNREAD = 65536  # bytes said that nobody reads; a real port loses them too


class Line:
    """A serial port that can be unplugged and come back under another name.

    heard: called with what the far end wrote.
    """

    def __init__(self, heard: Callable[[bytes], None]) -> None:
        self._heard = heard
        self._ends: tuple[int, int] | None = None
        self._link: Path | None = None
        self._unsaid = bytearray()

    @property
    def plugged(self) -> bool:
        return self._ends is not None

    def plug(self, link: Path) -> None:
        """Make a new pseudo terminal, and `link` lead to it."""
        self.unplug()
        ours, theirs = os.openpty()
        # Else the terminal echoes what the modem says before its far end is opened. Our hold on
        # that end also keeps ours from hanging up whenever a client closes it.
        tty.setraw(theirs)
        os.set_blocking(ours, False)
        self._ends = ours, theirs
        fresh = link.with_name(f".{link.name}.new")
        fresh.unlink(missing_ok=True)
        fresh.symlink_to(os.ttyname(theirs))
        fresh.replace(link)
        self._link = link
        asyncio.get_running_loop().add_reader(ours, self._read)

    def unplug(self) -> None:
        """Close the pseudo terminal, and remove the link."""
        if self._ends is None:
            return
        loop = asyncio.get_running_loop()
        loop.remove_reader(self._ends[0])
        loop.remove_writer(self._ends[0])
        if self._link is not None:
            self._link.unlink(missing_ok=True)
        for end in self._ends:
            os.close(end)
        self._ends = None
        self._unsaid.clear()

    def say(self, data: bytes) -> None:
        """Write to the far end, soon."""
        if self._ends is None:
            return
        if len(self._unsaid) + len(data) <= _MOST_UNREAD:
            self._unsaid += data
        self._write()

    def _read(self) -> None:
        assert self._ends is not None
        try:
            data = os.read(self._ends[0], 4096)
        except BlockingIOError:
            return
        self._heard(data)

    def _write(self) -> None:
        assert self._ends is not None
        ours = self._ends[0]
        loop = asyncio.get_running_loop()
        with suppress(BlockingIOError):
            del self._unsaid[: os.write(ours, self._unsaid)]
        if self._unsaid:
            loop.add_writer(ours, self._write)
        else:
            loop.remove_writer(ours)
