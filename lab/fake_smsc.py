"""Kannel's fakesmsc: prints the texts that Kannel sends, or brings some to it.

It connects to Kannel, and speaks lines of SENDER RECEIVER KIND [HEADER] BODY. Texts of the GSM
alphabet come as `text`, raw (a line end in one ends the line); UCS2 as `ucs-2` and all with a
user data header as `udh ... data`, encoded as in a URL.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote_to_bytes

from lab.errors import DidNotStart, LabError
from lab.packages import PackageTree
from lab.ports import LOOPBACK
from lab.processes import Child

PROGRAM = "usr/lib/kannel/test/fakesmsc"
_GOT = re.compile(rb"Got message \d+: <(.*)>$", re.MULTILINE)
_BROUGHT = 60.0  # seconds


@dataclass(frozen=True)
class CameOut:
    """A text as it left Kannel.

    header: the user data header with its length octet, or empty. body: UTF-8 where the text is
    of the GSM alphabet, UTF-16BE of UCS2.
    """

    sender: str
    receiver: str
    header: bytes
    body: bytes


class FakeSmsc:
    """One fakesmsc. folder: for its output. port: Kannel's. name: of its output's file."""

    def __init__(self, tree: PackageTree, folder: Path, port: int, name: str = "out") -> None:
        self._tree = tree
        self._output = folder / f"fakesmsc-{name}.log"
        self._port = port
        self._child: Child | None = None
        self._read = self._counted = 0

    async def start(self) -> None:
        """Connect and print what comes, until stop()."""
        # Without a text it would read from the terminal, and end; of this one it sends none.
        self._child = self._run("-v", "0", "-m", "0", "0 0 text never sent")

    async def stop(self) -> None:
        if self._child:
            await self._child.stop()

    async def bring(self, lines: Sequence[str], apart: float, count: int) -> None:
        """Bring `count` texts, each one of the lines, chosen by chance.

        apart: seconds between two. Raises DidNotStart when it cannot.
        """
        said = self._said().count(b"sent message %d" % count)
        child = self._run("-i", str(apart), "-m", str(count), *lines)
        try:
            async with asyncio.timeout(_BROUGHT):
                while self._said().count(b"sent message %d" % count) <= said:
                    if not child.is_running():
                        raise DidNotStart(f"fakesmsc ended. Its last words:\n{child.last_words()}")
                    await asyncio.sleep(0.01)
        finally:
            await child.stop()

    def came_out(self) -> list[CameOut]:
        """The texts that it got since its first start."""
        return [read_line(found) for found in _GOT.findall(self._said())]

    def count(self) -> int:
        """How many those are; only what was printed since the last look is read."""
        if self._output.exists():
            with self._output.open("rb") as stream:
                stream.seek(self._read)
                said = stream.read()
            whole = said[: said.rfind(b"\n") + 1]
            self._read += len(whole)
            self._counted += len(_GOT.findall(whole))
        return self._counted

    def _run(self, *arguments: str) -> Child:
        where = ("-H", LOOPBACK, "-r", str(self._port))
        command = [*self._tree.command(PROGRAM), *where, *arguments]
        return Child("fakesmsc", command, self._output)

    def _said(self) -> bytes:
        return self._output.read_bytes() if self._output.exists() else b""


def read_line(line: bytes) -> CameOut:
    """A text of one of fakesmsc's lines. Raises LabError."""
    words = line.split(b" ", 3)
    if len(words) < 4 or words[2] not in (b"udh", b"text", b"ucs-2", b"data"):
        raise LabError(f"fakesmsc printed a text that is not understood: {line!r}")
    sender, receiver, kind, rest = words
    header = b""
    if kind == b"udh":
        encoded, _, rest = rest.partition(b" data ")
        header = _decoded(encoded)
    body = rest if kind == b"text" else _decoded(rest)
    return CameOut(sender.decode(), receiver.decode(), header, body)


def _decoded(text: bytes) -> bytes:
    return unquote_to_bytes(text.replace(b"+", b" "))
