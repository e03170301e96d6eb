"""How Asterisk reads what we write: models of its readers, byte for byte.

Written from the documented behaviour of Asterisk 16 to 22: its file reader (main/config.c), the
splitting of an application's arguments (main/app.c), AGI commands (res/res_agi.c) and manager
actions (main/manager.c). They are what an escaped value is read back with.
"""

from __future__ import annotations

from dataclasses import dataclass, field

LINE = 8192  # main/config.c: char buf[8192]; a longer line is skipped
MANAGER_LINE = 1024


@dataclass(slots=True)
class Category:
    """A section of a file: its name, what stands in the brackets after it, its lines."""

    name: bytes
    options: bytes = b""
    lines: list[tuple[bytes, bytes]] = field(default_factory=list)


class Misread(AssertionError):
    """Asterisk would refuse or warn of a line of the file."""


def read_config(content: bytes) -> list[Category]:
    """A whole file, its sections in order. Raises Misread for a line that Asterisk rejects."""
    found: list[Category] = []
    for raw in content.split(b"\n"):
        if len(raw) >= LINE - 1:
            raise Misread(f"a line of {len(raw)} bytes is skipped")
        line = strip(without_comment(raw))
        if not line:
            continue
        if line.startswith(b"["):
            name, closed, options = line[1:].partition(b"]")
            if not closed:
                raise Misread(f"no closing bracket: {line!r}")
            found.append(Category(name, options))
        elif line.startswith(b"#"):
            raise Misread(f"a directive: {line!r}")
        elif not found:
            raise Misread(f"before the first section: {line!r}")
        else:
            found[-1].lines.append(_variable(line))
    return found


def _variable(line: bytes) -> tuple[bytes, bytes]:
    name, equals, value = line.partition(b"=")
    if not equals or not strip(name):
        raise Misread(f"no variable: {line!r}")
    if name.endswith(b"+") or name.startswith(b"\\"):
        raise Misread(f"an appended or escaped variable: {line!r}")
    return strip(name), strip(value.removeprefix(b">"))


def without_comment(line: bytes) -> bytes:
    r"""The line up to its first `;` that no backslash stands before; `\;` becomes `;`."""
    start = 0
    while (at := line.find(b";", start)) >= 0:
        if at > start and line[at - 1 : at] == b"\\":
            line = line[: at - 1] + line[at:]
            start = at
        elif line[at + 1 : at + 3] == b"--" and line[at + 3 : at + 4] != b"-":
            raise Misread(f"a comment over many lines: {line!r}")
        else:
            return line[:at]
    return line


def strip(text: bytes) -> bytes:
    """Asterisk takes every byte up to the blank for one."""
    return text.strip(bytes(range(33)))


def application(value: bytes) -> tuple[bytes, bytes]:
    """A priority's application and its data: from the first bracket to the last one."""
    name, _, rest = value.partition(b"(")
    data, closed, _ = rest.rpartition(b")")
    if not closed:
        raise Misread(f"no closing bracket: {value!r}")
    return name, data


def arguments(data: bytes) -> list[bytes]:
    """An application's data in its arguments, as AST_STANDARD_APP_ARGS splits it."""
    parts, parens, brackets, quoted = [bytearray()], 0, 0, False
    at = 0
    while at < len(data):
        sign = data[at : at + 1]
        at += 1
        if sign == b"(":
            parens += 1
        elif sign == b")":
            parens = max(0, parens - 1)
        elif sign == b"[":
            brackets += 1
        elif sign == b"]":
            brackets = max(0, brackets - 1)
        elif sign == b'"':
            quoted = not quoted
            continue
        elif sign == b"\\":
            sign = data[at : at + 1]
            at += 1
        elif sign == b"," and not (parens or brackets or quoted):
            parts.append(bytearray())
            continue
        parts[-1] += sign
    return [bytes(part) for part in parts]


def agi_words(line: bytes) -> list[bytes]:
    """An AGI command line in its words (parse_args)."""
    words: list[bytearray] = []
    quoted = escaped = False
    blank = True
    for value in line:
        sign = bytes((value,))
        if sign == b'"' and not escaped:
            quoted = not quoted
            if quoted and blank:
                words.append(bytearray())
                blank = False
        elif sign in b" \t" and not (quoted or escaped):
            blank = True
        elif sign == b"\\" and not escaped:
            escaped = True
            continue
        else:
            if blank:
                words.append(bytearray())
                blank = False
            words[-1] += sign
        escaped = False
    return [bytes(word) for word in words]


def manager_actions(stream: bytes) -> list[list[tuple[bytes, bytes]]]:
    """What the manager makes of a client's bytes: actions, each a list of names and values."""
    actions: list[list[tuple[bytes, bytes]]] = [[]]
    for line in stream.split(b"\n"):
        content = line.removesuffix(b"\r")
        if len(content) >= MANAGER_LINE:
            raise Misread(f"a line of {len(content)} bytes is cut, its tail a message of its own")
        if not content:
            actions.append([])
            continue
        name, _, value = content.partition(b":")
        actions[-1].append((name, value.lstrip(bytes(range(33)))))
    return [action for action in actions if action]
