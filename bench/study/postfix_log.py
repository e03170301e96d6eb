"""Follows Postfix's log: the moment when the last of some mails was taken, and when it was stored.

Postfix and no sender says so, so that voxpost and smtp-source are judged alike.
"""

from __future__ import annotations

import asyncio
import re
import time
from pathlib import Path
from typing import BinaryIO

LOOK_EVERY = 0.01  # seconds
_TAKEN = re.compile(rb" postfix/qmgr\[\d+\]: \w+: from=<[^>]*>, size=(\d+), .*\(queue active\)")
_STORED = b" status=sent "


class PostfixLog:
    """What Postfix logs from now on.

    Arguments:
        taken: mails that are in Postfix's queue; their sender has his 250.
        stored: those that Dovecot has confirmed.
        sizes: of those taken, in bytes.
        taken_at, stored_at: when that was seen last, by time.monotonic().
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._position = file.stat().st_size
        self._rest = b""
        self.taken = self.stored = 0
        self.sizes: list[int] = []
        self.taken_at = self.stored_at = 0.0

    async def until(self, count: int, timeout: float) -> None:
        """Follow until so many mails are stored. timeout: seconds. Raises TimeoutError."""
        with self._file.open("rb") as stream:
            stream.seek(self._position)
            try:
                async with asyncio.timeout(timeout):
                    while self.stored < count:
                        self._read(stream)
                        await asyncio.sleep(LOOK_EVERY)
            except TimeoutError:
                raise TimeoutError(
                    f"Postfix took {self.taken} and Dovecot stored {self.stored} "
                    f"of {count} mails in {timeout:.0f} s"
                ) from None

    def _read(self, stream: BinaryIO) -> None:
        # The last line may not be whole yet.
        *lines, self._rest = (self._rest + stream.read()).split(b"\n")
        now = time.monotonic()
        for line in lines:
            self.see(line, now)

    def see(self, line: bytes, now: float) -> None:
        """Count a line that was seen at a time."""
        if found := _TAKEN.search(line):
            self.taken += 1
            self.taken_at = now
            self.sizes.append(int(found[1]))
        elif _STORED in line:
            self.stored += 1
            self.stored_at = now
