"""AMI's language: actions to bytes, bytes to packets. No I/O.

Source: Asterisk's main/manager.c; the limits below were measured on 16.28 and 22.10.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ami.errors import UnsafeValue

# A longer line makes Asterisk refuse the action, and what stands past the limit is read as
# the beginning of another message: a way in for an attacker.
MAX_LINE_BYTES = 1020
MAX_LINES = 127

ActionFields = Mapping[str, str | Sequence[str]]


@dataclass(frozen=True, slots=True)
class Fields:
    """The lines of one packet, in order; keys may repeat and are found in any case."""

    pairs: tuple[tuple[str, str], ...]

    def get(self, key: str, default: str = "") -> str:
        """The first value of a key."""
        wanted = key.lower()
        return next((value for name, value in self.pairs if name.lower() == wanted), default)

    def all(self, key: str) -> list[str]:
        """Every value of a key, in order."""
        wanted = key.lower()
        return [value for name, value in self.pairs if name.lower() == wanted]

    def keys(self) -> list[str]:
        """The keys as Asterisk wrote them, repeated ones once."""
        return list(dict.fromkeys(name for name, _ in self.pairs))

    def __contains__(self, key: str) -> bool:
        wanted = key.lower()
        return any(name.lower() == wanted for name, _ in self.pairs)

    @property
    def action_id(self) -> str:
        """The action that this packet belongs to, empty if none."""
        return self.get("ActionID")

    @property
    def event_list(self) -> str:
        """`start` on the first packet of a list, `complete` on the last, else mostly empty."""
        return self.get("EventList").lower()


@dataclass(frozen=True, slots=True)
class Event(Fields):
    """Something that happened in Asterisk, or one row of a list."""

    @property
    def name(self) -> str:
        """The event's name, `MessageWaiting` say."""
        return self.get("Event")


@dataclass(frozen=True, slots=True)
class Response(Fields):
    """Asterisk's first answer to an action."""

    @property
    def ok(self) -> bool:
        """Whether Asterisk called it a success. Some modules say Success and fail in words."""
        return self.get("Response").lower() in {"success", "follows", "goodbye"}


Packet = Event | Response


def parse_packet(block: bytes) -> Packet | None:
    """Turn one packet, without its closing blank line, into an Event or a Response.

    Invalid UTF-8 becomes replacement characters. A bare LF belongs to the value, at a
    value's end it is dropped (VoicemailMove sends one). A line without a colon continues
    the value before it. None for what is neither event nor response.
    """
    pairs: list[tuple[str, str]] = []
    for line in block.decode("utf-8", "replace").split("\r\n"):
        name, colon, value = line.partition(":")
        if colon:
            pairs.append((name.strip(), value.removeprefix(" ").rstrip("\n")))
        elif line and pairs:
            last, before = pairs[-1]
            pairs[-1] = (last, f"{before}\n{line}")
    for name, _ in pairs:
        match name.lower():
            case "event":
                return Event(tuple(pairs))
            case "response":
                return Response(tuple(pairs))
    return None


def encode_action(action: str, action_id: str, fields: ActionFields) -> bytes:
    """Write an action as Asterisk reads it.

    Raises UnsafeValue naming the field, for a value with CR, LF or NUL (each could begin an
    action of an attacker's choice), for one that is too long, and for what is not UTF-8.
    """
    lines = [_line(action, "Action", action), _line(action, "ActionID", action_id)]
    for name, values in fields.items():
        if name.strip().lower() in {"action", "actionid"}:
            raise UnsafeValue(action, name, "is set by the connection itself")
        for value in [values] if isinstance(values, str) else values:
            lines.append(_line(action, name, value))
    if len(lines) > MAX_LINES:
        raise UnsafeValue(action, name, f"Asterisk takes at most {MAX_LINES} lines in an action")
    return b"".join(lines) + b"\r\n"


def _line(action: str, name: str, value: str) -> bytes:
    if not name.strip() or ":" in name:
        raise UnsafeValue(action, name, "a field's name must not be empty or hold a colon")
    if any(char in "\r\n\0" for char in name + value):
        raise UnsafeValue(action, name, "must not hold a line break or NUL")
    try:
        line = f"{name}: {value}\r\n".encode()
    except UnicodeEncodeError:
        raise UnsafeValue(action, name, "is not valid text (lone surrogates)") from None
    if len(line) > MAX_LINE_BYTES:
        raise UnsafeValue(action, name, f"longer than Asterisk takes ({MAX_LINE_BYTES} bytes)")
    return line
