"""SMTP: a message's content ends where it ends; a server's answers are read as they come."""

from __future__ import annotations

import asyncio

from endurance.fuzz.draw import Draw, pieces
from endurance.fuzz.target import Target
from mail.message import BadMessage, Message
from mail.wire import NotSmtp, Reply, SmtpWire


def check_content(data: bytes) -> None:
    """What a server reads up to the final dot, its stuffing taken away, is the very content."""
    head, _, tail = data.partition(b"\xff")
    try:
        message = Message("a@b.example", "c@d.example", "<x@b.example>", head, b"RIFF", tail)
    except BadMessage:
        return
    wire = b"".join(message.wire())
    lines = wire.split(b"\r\n")
    end = lines.index(b".")
    assert lines[end + 1 :] == [b""]
    read = b"".join(line.removeprefix(b".") + b"\r\n" for line in lines[:end])
    assert read == message.content
    assert len(read) == message.size


def check_answers(data: bytes) -> None:
    """The same answers come however the bytes are cut; what is none ends the connection."""
    draw = Draw(data)
    sizes = draw.some(4)
    stream = draw.rest()
    whole, fault = _answers([stream])
    assert _answers(pieces(stream, sizes)) == (whole, fault)
    for reply in whole:
        assert 0 <= reply.code <= 999
        assert len(reply.text) <= len(stream)


def _answers(chunks: list[bytes]) -> tuple[list[Reply], str]:
    wire = SmtpWire(_Nowhere(), {}, 1.0)
    for chunk in chunks:
        wire.data_received(chunk)
    assert wire.fault is None or isinstance(wire.fault, NotSmtp)
    return list(wire._replies), str(wire.fault or "")


class _Nowhere(asyncio.Transport):
    """A connection that nothing is sent on."""

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        pass

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        pass


TARGETS = (
    Target("smtp-content", check_content, 1024, (b"\r\n.\r\n", b"\r\n..", b"\r\n")),
    Target(
        "smtp-answers",
        check_answers,
        1024,
        (b"250 2.0.0 OK\r\n", b"250-", b"354 ", b"550 5.1.1 ", b"\r\n", b"421 "),
    ),
)
