"""AGI as bytes: commands out, without any I/O. Answers are read in replies.py.

Follows res/res_agi.c of Asterisk 16 to 22 (parse_args, setup_env).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from agi.errors import BadHeader, UnsafeArgument

HEADER_END: Final = b"\n\n"
MAX_HEADER_BYTES: Final = 32 * 1024
MAX_HEADER_LINES: Final = 200  # 25 of Asterisk's own and up to 127 arguments

# Asterisk cuts a longer line and takes the rest for the next command: at 2,048 bytes in
# process mode of older versions, at 8,192 in 22.
MAX_COMMAND_BYTES: Final = 2000


def quote(value: str) -> str:
    r"""Write a value as one argument of an AGI command.

    A backslash and a double quote get a backslash before them, as parse_args() takes them away.
    Raises UnsafeArgument for a line break or NUL, which would begin a second command.
    """
    if _breaks_a_line(value):
        raise UnsafeArgument(
            f"{value!r} holds a line break or NUL, which would begin a second AGI command: "
            "take it out before"
        )
    if "\\" in value:
        value = value.replace("\\", "\\\\")
    if '"' in value:
        value = value.replace('"', '\\"')
    return f'"{value}"'


def command(verb: str, *arguments: str | int) -> bytes:
    """Write a whole command line.

    verb is Asterisk's ("SET VARIABLE"), arguments are quoted each, numbers as they are.
    Raises UnsafeArgument for what cannot be said in one line of MAX_COMMAND_BYTES of UTF-8.
    """
    if _breaks_a_line(verb):
        raise UnsafeArgument(f"the AGI command {verb!r} holds a line break or NUL")
    words = [verb]
    words += [quote(word) if isinstance(word, str) else str(word) for word in arguments]
    try:
        line = " ".join(words).encode()
    except UnicodeEncodeError as error:
        raise UnsafeArgument(f"{words!r} holds half a character (a lone surrogate)") from error
    if len(line) > MAX_COMMAND_BYTES:
        raise UnsafeArgument(
            f"an AGI command of {len(line)} bytes ({verb}): Asterisk would cut it; "
            f"say it in {MAX_COMMAND_BYTES}"
        )
    return line + b"\n"


def parse_header(block: bytes | bytearray) -> Mapping[str, str]:
    """Read the agi_ lines that open a session, without or with the closing blank line.

    Empty values stay ("agi_accountcode: "). The first of two equal names wins: Asterisk writes
    its own before a caller's name, in which a line break could forge a second. Bytes that are
    not UTF-8 become U+FFFD. Raises BadHeader.
    """
    lines = block.decode("utf-8", "replace").rstrip("\n").split("\n")
    if len(lines) > MAX_HEADER_LINES:
        raise BadHeader(f"{len(lines)} lines of header, {MAX_HEADER_LINES} at most")
    header: dict[str, str] = {}
    # Backwards, so that the first of equal names is written last.
    for line in reversed(lines):
        name, separator, value = line.partition(": ")
        if not separator:
            raise BadHeader(f"no AGI header line: {line[:80]!r}")
        header[name] = value
    if "agi_request" not in header:
        raise BadHeader("the header has no agi_request line: the peer is not Asterisk's AGI()")
    return header


def arguments(header: Mapping[str, str]) -> tuple[str, ...]:
    """The arguments of AGI() in order, empty ones too."""
    found: list[str] = []
    while (value := header.get(f"agi_arg_{len(found) + 1}")) is not None:
        found.append(value)
    return tuple(found)


def _breaks_a_line(text: str) -> bool:
    return "\n" in text or "\r" in text or "\0" in text
