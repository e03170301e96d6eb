"""Makes values out of bytes: the same bytes give the same values under every driver."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


class Draw:
    """Takes values from the front of some bytes; when they are used up, the smallest ones.

    Choices take a byte each, so that a change of one byte is one other choice.
    """

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def number(self, below: int) -> int:
        """A whole number from 0, of at most 256 different ones."""
        if self._at >= len(self._data):
            return 0
        self._at += 1
        return self._data[self._at - 1] % below

    def one_of(self, values: Sequence[T]) -> T:
        """One of some values."""
        return values[self.number(len(values))]

    def some(self, most: int) -> bytes:
        """Up to `most` bytes, their number first."""
        length = self.number(most + 1)
        taken = self._data[self._at : self._at + length]
        self._at += length
        return taken

    def rest(self) -> bytes:
        """All that is left."""
        taken = self._data[self._at :]
        self._at = len(self._data)
        return taken

    def text(self, most: int) -> str:
        """Text of up to `most` bytes; what is not UTF-8 becomes half characters."""
        return as_text(self.some(most))


def as_text(data: bytes) -> str:
    """Any bytes as text, lone surrogates included: they come from sockets and file names."""
    return data.decode("utf-8", "surrogateescape")


def pieces(data: bytes, sizes: bytes) -> list[bytes]:
    """Cut bytes as a socket might: sizes says where, 0 being an empty read, over and over."""
    cut: list[bytes] = []
    at = turn = 0
    while at < len(data):
        size = sizes[turn % len(sizes)] if sizes else 1
        # An empty read at every turn would never end.
        size = size or turn % 2
        cut.append(data[at : at + size])
        at += size
        turn += 1
    return cut
