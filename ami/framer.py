"""Cuts AMI's stream of bytes into packets, and skips what nobody wants before decoding it."""

from __future__ import annotations

from collections.abc import Collection

from ami.errors import NotAsterisk
from ami.wire import Event, Packet, parse_packet

_END = b"\r\n\r\n"
_EVENT = b"Event: "
_BANNER = b"Asterisk Call Manager"


class Framer:
    """Fed with chunks as they come from the socket, cut anywhere; returns whole packets.

    wanted: names of the events to decode, as bytes; may change at any time.
    max_packet: bytes; a longer packet is thrown away and counted in `oversized`.
    """

    def __init__(self, wanted: Collection[bytes], *, max_packet: int = 1 << 20) -> None:
        self.ami_version: str | None = None
        self.events_seen = 0
        self.oversized = 0
        self._wanted = wanted
        self._max_packet = max_packet
        self._tail = bytearray()
        self._scanned = 0
        self._discarding = False

    def feed(self, chunk: bytes, *, replies_pending: bool = True) -> list[Packet]:
        """Take a chunk; return the responses and the wanted events that it completes, in order.

        replies_pending: also decode unwanted events that carry an ActionID (rows of a list).
        Raises NotAsterisk when the stream does not begin with the AMI banner.
        """
        if self.ami_version is None:
            chunk = self._take_banner(chunk)
        packets: list[Packet] = []
        begun = 0  # bytes of the chunk that end what was kept: only they are copied
        if self._tail or self._discarding:
            begun = self._first_end(chunk)
            head = self._join(chunk[:begun])
            self._keep(head[self._cut(head, 0, packets, replies_pending) :])
        self._keep(chunk[self._cut(chunk, begun, packets, replies_pending) :])
        return packets

    def _first_end(self, chunk: bytes) -> int:
        """How much of the chunk belongs to the packet that was begun before it."""
        before = bytes(self._tail[-3:])
        if (seam := (before + chunk[:3]).find(_END)) >= 0:
            return seam + 4 - len(before)
        end = chunk.find(_END)
        return end + 4 if end >= 0 else len(chunk)

    def _cut(self, data: bytes, at: int, packets: list[Packet], replies_pending: bool) -> int:
        """Read whole packets from `at` on; returns where the last one ends."""
        wanted = tuple(b"Event: %b\r\n" % name for name in self._wanted)
        find, begins = data.find, data.startswith
        while (end := find(_END, at)) >= 0:
            start, at = at, end + 4
            # The hot path: one event in fifty is wanted, the others cost one scan.
            if (
                begins(_EVENT, start)
                and not begins(wanted, start)
                and not (replies_pending and find(b"\r\nActionID: ", start, end) >= 0)
            ):
                self.events_seen += 1
                continue
            packet = parse_packet(data[start:end])
            if packet is None:
                continue
            if isinstance(packet, Event):
                self.events_seen += 1
            packets.append(packet)
        return at

    def _join(self, chunk: bytes) -> bytes:
        """The kept tail and the chunk, as soon as a packet's end is in sight; else nothing."""
        self._tail += chunk
        end = self._tail.find(_END, self._scanned)
        if end < 0:
            self._limit()
            return b""
        if self._discarding:
            self._discarding = False
            del self._tail[: end + 4]
        data = bytes(self._tail)
        self._tail.clear()
        self._scanned = 0
        return data

    def _keep(self, rest: bytes) -> None:
        self._tail += rest
        self._limit()

    def _limit(self) -> None:
        if len(self._tail) > self._max_packet:
            self.oversized += not self._discarding
            self._discarding = True
        if self._discarding:
            del self._tail[:-3]
        # The last three bytes may be the beginning of the blank line.
        self._scanned = max(0, len(self._tail) - 3)

    def _take_banner(self, chunk: bytes) -> bytes:
        self._tail += chunk
        head, line_end, rest = bytes(self._tail).partition(b"\r\n")
        so_far = _BANNER if line_end else _BANNER[: len(head)]
        if head[: len(_BANNER)] != so_far or len(head) > 200:
            raise NotAsterisk(
                f"what answered is not Asterisk's AMI: {head[:40]!r}; look at host and port"
            )
        if not line_end:
            return b""
        self._tail.clear()
        self._scanned = 0
        self.ami_version = head.partition(b"/")[2].decode("ascii", "replace").strip()
        return rest
