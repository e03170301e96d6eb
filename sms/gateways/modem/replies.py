"""Reads a modem's answers (3GPP TS 27.005 and 27.007). Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

_HEX = re.compile(r"(?:[0-9A-Fa-f]{2})+")
_LISTED = re.compile(r"\+CMGL:\s*(\d+)\s*,\s*(\d+)\s*,.*?,?\s*(\d+)\s*$")
_READ = re.compile(r"\+CMGR:\s*\d*\s*,.*?,?\s*(\d+)\s*$")
_COUNTS = re.compile(r"\+CPMS:\s*(?:\"\w+\"\s*,\s*)?(\d+)\s*,\s*(\d+)")
_SENT = re.compile(r"\+CMGS:\s*(\d{1,3})\b")
_SIGNAL = re.compile(r"\+CSQ:\s*(\d+)")
_OPERATOR = re.compile(r'\+COPS:\s*\d\s*,\s*\d\s*,\s*"([^"]*)"')
_REGISTERED = re.compile(r"\+CREG:\s*\d\s*,\s*(\d+)")
_SIM = re.compile(r"\+CPIN:\s*(.+)")
_TRIES = re.compile(r"\+CPINR:\s*\"?SIM PIN\"?\s*,\s*(\d+)")
_RECEIVED = {0, 1}  # <stat>: unread, read; the others are for sending

_NETWORK = {
    0: "no network, not searching",
    1: "home",
    2: "no network, searching",
    3: "no network, refused",
    5: "roaming",
    6: "home, texts alone",
    7: "roaming, texts alone",
}
NO_NETWORK = {_NETWORK[0], _NETWORK[2], _NETWORK[3]}
"""What `read_network` says where texts cannot be sent."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A text in a modem's storage.

    Arguments:
        index: where it is in its storage.
        raw: its PDU in hex, or whatever stood in its place.
        whole: it is hex and as long as the modem says.
    """

    index: int
    raw: str
    whole: bool


def read_list(lines: Sequence[str]) -> list[Kept]:
    """What AT+CMGL told of texts and reports that came in.

    Each begins with a line of its own, so that one that cannot be read shifts no other.
    """
    found = []
    for at, line in enumerate(lines):
        if listed := _LISTED.match(line):
            index, state, length = map(int, listed.groups())
            if state in _RECEIVED:
                raw = _pdu_after(lines, at)
                found.append(Kept(index, raw, is_whole(raw, length)))
    return found


def read_one(lines: Sequence[str]) -> str | None:
    """The PDU that AT+CMGR told; None where nothing is kept there."""
    for at, line in enumerate(lines):
        if _READ.match(line):
            return _pdu_after(lines, at)
    return None


def is_hex(line: str) -> bool:
    return _HEX.fullmatch(line) is not None


def is_whole(raw: str, length: int) -> bool:
    """Whether a PDU has as many octets as it should. length: without the SMSC's address."""
    if not is_hex(raw):
        return False
    octets = bytes.fromhex(raw)
    return len(octets) == 1 + octets[0] + length


def read_stores(lines: Sequence[str]) -> list[str]:
    """The storages that AT+CPMS=? offers to read from."""
    for line in lines:
        if line.startswith("+CPMS:"):
            return re.findall(r'"(\w+)"', line.partition(")")[0])
    return []


def read_counts(lines: Sequence[str]) -> tuple[int, int] | None:
    """Texts in the storage to read from, and how many it can hold."""
    found = _first(_COUNTS, lines)
    return (int(found[1]), int(found[2])) if found else None


def read_reference(lines: Sequence[str]) -> int | None:
    """TP-MR of the text that AT+CMGS sent."""
    found = _first(_SENT, lines)
    return int(found[1]) if found else None


def read_signal(lines: Sequence[str]) -> int | None:
    """Signal strength in dBm (27.007, 8.5); None while unknown."""
    found = _first(_SIGNAL, lines)
    return -113 + 2 * int(found[1]) if found and int(found[1]) <= 31 else None


def read_operator(lines: Sequence[str]) -> str | None:
    found = _first(_OPERATOR, lines)
    return found[1] if found else None


def read_network(lines: Sequence[str]) -> str | None:
    """Whether it is registered, in words (27.007, 7.2)."""
    found = _first(_REGISTERED, lines)
    return _NETWORK.get(int(found[1]), "unknown") if found else None


def read_sim(lines: Sequence[str]) -> str | None:
    """What the SIM waits for: "READY", "SIM PIN", "SIM PUK" (27.007, 8.3)."""
    found = _first(_SIM, lines)
    return found[1].strip() if found else None


def read_tries(lines: Sequence[str]) -> int | None:
    """How many PINs may still be tried (27.007, 8.65)."""
    found = _first(_TRIES, lines)
    return int(found[1]) if found else None


def _first(pattern: re.Pattern[str], lines: Sequence[str]) -> re.Match[str] | None:
    return next((found for line in lines if (found := pattern.match(line))), None)


def _pdu_after(lines: Sequence[str], at: int) -> str:
    following = lines[at + 1] if at + 1 < len(lines) else ""
    return "" if following.startswith("+") or following == "OK" else following.strip().upper()
