"""AGI: the header of a session, commands out, replies in."""

from __future__ import annotations

from agi import wire
from agi.errors import BadHeader, ProtocolError, UnsafeArgument
from agi.replies import Reply, ReplyReader
from endurance.fuzz.asterisk_reader import agi_words
from endurance.fuzz.draw import Draw, as_text, pieces
from endurance.fuzz.target import Target


def check_header(data: bytes) -> None:
    """A header is read or refused; the first of equal names wins."""
    try:
        header = wire.parse_header(data)
    except BadHeader:
        return
    assert "agi_request" in header
    for name, value in header.items():
        assert "\n" not in name + value
        first = next(
            line for line in data.decode("utf-8", "replace").split("\n") if _name(line) == name
        )
        assert first == f"{name}: {value}"
    assert len(wire.arguments(header)) <= len(header)


def _name(line: str) -> str:
    return line.partition(": ")[0]


def check_command(data: bytes) -> None:
    """Whatever is said is one line, and Asterisk reads the very same words out of it."""
    draw = Draw(data)
    words = [draw.text(40) for _ in range(draw.number(4))]
    words.append(as_text(draw.rest()))
    try:
        line = wire.command("SET VARIABLE", *words)
    except UnsafeArgument:
        return
    assert line.endswith(b"\n")
    assert not {0, 10, 13} & set(line[:-1])
    assert len(line) <= wire.MAX_COMMAND_BYTES + 1
    assert agi_words(line[:-1]) == [b"SET", b"VARIABLE", *(word.encode() for word in words)]


def check_replies(data: bytes) -> None:
    """The same replies come however the bytes are cut; nothing is kept when all is dropped."""
    draw = Draw(data)
    sizes = draw.some(4)
    stream = draw.rest()
    whole, by_pieces = _Told(), _Told()
    whole.hear([stream])
    by_pieces.hear(pieces(stream, sizes))
    assert by_pieces.replies == whole.replies
    assert by_pieces.failed == whole.failed
    assert by_pieces.reader.hung_up == whole.reader.hung_up
    for reply in whole.replies:
        assert reply.code in range(1000)
        assert "\n" not in reply.result
        assert reply.value is None or reply.value in reply.text
    assert 0 <= whole.reader.drop_rest() <= len(stream) + 1
    assert whole.reader.next_reply() is None


def check_value(data: bytes) -> None:
    """A variable's value of one line, brackets and all, is read as it is."""
    value = data.replace(b"\n", b" ")
    told = _Told()
    told.hear([b"200 result=1 (" + value + b")\n", b"200 result=0\n"])
    assert [reply.value for reply in told.replies] == [value.decode("utf-8", "replace"), None]


class _Told:
    def __init__(self) -> None:
        self.reader = ReplyReader()
        self.replies: list[Reply] = []
        self.failed = ""

    def hear(self, chunks: list[bytes]) -> None:
        try:
            for chunk in chunks:
                self.reader.feed(chunk)
                while (reply := self.reader.next_reply()) is not None:
                    self.replies.append(reply)
        except ProtocolError as error:
            self.failed = str(error)


_REPLY_WORDS = (
    *(b"200 result=", b"100 ", b"510 ", b"511 ", b"520-", b"520 End", b"HANGUP\n"),
    *(b" (", b")\n", b" endpos=", b"result=1 (", b") a=b"),
)

TARGETS = (
    Target(
        "agi-header",
        check_header,
        2048,
        (b"agi_request: ", b"agi_arg_1: ", b"agi_arg_2: ", b": ", b"\n\n"),
    ),
    Target("agi-command", check_command, 2300, (b'"', b"\\", b'\\"', b"\xed\xa0\xbd")),
    Target("agi-replies", check_replies, 4096, _REPLY_WORDS),
    Target("agi-value", check_value, 1024, _REPLY_WORDS),
)
