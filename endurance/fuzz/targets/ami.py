"""AMI: the framer, the packets, and actions out."""

from __future__ import annotations

import re

from ami.errors import NotAsterisk, UnsafeValue
from ami.events import message_waiting
from ami.framer import Framer
from ami.wire import MAX_LINE_BYTES, Event, Packet, Response, encode_action, parse_packet
from endurance.fuzz.asterisk_reader import manager_actions
from endurance.fuzz.draw import Draw, pieces
from endurance.fuzz.target import Target

_BANNER = b"Asterisk Call Manager/11.0.0\r\n"
_WANTED = frozenset({b"MessageWaiting", b"FullyBooted"})
_EVENT = re.compile(rb"Event: ([^\r]*)\r\n")
_CAP = 96  # bytes of a packet, small enough to be passed


def check_framer(data: bytes) -> None:
    """The same packets come however the bytes are cut, and the unwanted ones alone are skipped."""
    draw = Draw(data)
    sizes = draw.some(4)
    stream = draw.rest()
    if not draw.number(8) and sizes[:1] != b"\0":
        stream = _BANNER + stream
    whole = Framer(_WANTED)
    try:
        packets = whole.feed(stream)
    except NotAsterisk:
        _refused_in_pieces(stream, sizes)
        return
    cut = Framer(_WANTED)
    assert [it for chunk in pieces(stream, sizes) for it in cut.feed(chunk)] == packets
    assert (cut.ami_version, cut.events_seen) == (whole.ami_version, whole.events_seen)
    everything = Framer(_WANTED | set(_EVENT.findall(stream))).feed(stream)
    assert _is_subsequence(packets, everything)
    if b"\n" not in stream.replace(b"\r\n", b""):  # a bare one is no part of an event's name
        assert _is_subsequence([it for it in everything if _is_wanted(it)], packets)


def check_cap(data: bytes) -> None:
    """Packets past the cap are thrown away, the others come, and memory stays within it."""
    draw = Draw(data)
    sizes = draw.some(4)
    stream = draw.rest()
    everything = Framer(_WANTED).feed(_BANNER + stream)
    capped = Framer(_WANTED, max_packet=_CAP)
    packets: list[Packet] = capped.feed(_BANNER)
    for chunk in pieces(stream, sizes):
        packets += capped.feed(chunk)
        assert len(capped._tail) <= _CAP
    assert _is_subsequence(packets, everything)
    longest = max(len(block) for block in stream.split(b"\r\n\r\n"))
    if longest + 4 <= _CAP:
        assert packets == everything
        assert capped.oversized == 0


def _refused_in_pieces(stream: bytes, sizes: bytes) -> None:
    framer = Framer(_WANTED)
    try:
        for chunk in pieces(stream, sizes):
            framer.feed(chunk)
    except NotAsterisk:
        return
    raise AssertionError("refused at once, but not in pieces")


def _is_wanted(packet: Packet) -> bool:
    return isinstance(packet, Response) or packet.name.encode() in _WANTED


def _is_subsequence(some: list[Packet], every: list[Packet]) -> bool:
    rest = iter(every)
    return all(packet in rest for packet in some)


def check_packet(data: bytes) -> None:
    """Any block is a packet or none, found by its keys; counts are no surprise."""
    packet = parse_packet(data)
    if packet is None:
        return
    for name, _ in packet.pairs:
        assert not name.isascii() or name.upper() in packet  # other letters may have no way back
        assert packet.get(name) == packet.all(name)[0]
    news = message_waiting(packet) if isinstance(packet, Event) else None
    if news is not None:
        assert min(news.new, news.old) >= 0
        assert news.mailbox in packet.get("Mailbox")


def check_action(data: bytes) -> None:
    """Whatever is sent is one action to Asterisk, with the very fields that were given."""
    draw = Draw(data)
    fields: dict[str, str | list[str]] = {}
    for _ in range(draw.number(5)):
        name = draw.text(20)
        values = [draw.text(120) for _ in range(draw.number(3) + 1)]
        fields[name] = values if len(values) > 1 else values[0]
    action, action_id = draw.text(20), draw.text(20)
    try:
        sent = encode_action(action, action_id, fields)
    except UnsafeValue:
        return
    assert max(len(line) for line in sent.split(b"\n")) < MAX_LINE_BYTES
    (read,) = manager_actions(sent)
    given = [("Action", action), ("ActionID", action_id)]
    for name, value in fields.items():
        given += [(name, it) for it in ([value] if isinstance(value, str) else value)]
    assert read == [
        (name.encode(), value.encode().lstrip(bytes(range(33)))) for name, value in given
    ]


_WORDS = (
    *(b"\r\n\r\n", b"\r\n", b"Event: ", b"Response: Success", b"\r\nActionID: ", b"EventList: "),
    *(b"MessageWaiting", b"FullyBooted", b"Mailbox: 1001@default", b"New: 1", b"Waiting: "),
)

TARGETS = (
    Target("ami-framer", check_framer, 2048, (_BANNER, *_WORDS)),
    Target("ami-cap", check_cap, 1024, _WORDS),
    Target("ami-packet", check_packet, 1024, _WORDS),
    Target("ami-action", check_action, 1500, (b"Variable", b"ActionID", b": ", b"\r\n")),
)
