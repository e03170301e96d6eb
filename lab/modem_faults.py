"""What the lab's modem does wrong, and when."""

from __future__ import annotations

from collections import defaultdict, deque
from dataclasses import dataclass
from enum import StrEnum

GARBAGE = b"\xff\xfe\x80garbage\r\n+CMG\x00\xf0\r\n\xc3\x28\r\n+CMGL: 7,1\r\nhalf a li"
"""Lines that are no UTF-8, half a reply, and half a line."""


class Stage(StrEnum):
    """Where in the dialogue: at any command, instead of the prompt, or once the PDU has come."""

    COMMAND = "command"
    PROMPT = "prompt"
    PDU = "pdu"


class What(StrEnum):
    """What is done there. At PDU the network took the text, but for REFUSE."""

    REFUSE = "refuse"
    LOSE = "lose"  # no answer; goes on with the next command
    HANG = "hang"
    UNPLUG = "unplug"
    GARBAGE = "garbage"


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing to do wrong. answer: what REFUSE says: "+CMS ERROR: 38"."""

    what: What
    answer: str = "ERROR"


class Faults:
    """Those that are still to come, for each stage in order."""

    def __init__(self) -> None:
        self._coming: defaultdict[Stage, deque[Fault]] = defaultdict(deque)

    def add(self, stage: Stage, fault: Fault, count: int) -> None:
        self._coming[stage].extend([fault] * count)

    def next(self, stage: Stage) -> Fault | None:
        """The next one at this stage, which is done with then."""
        coming = self._coming[stage]
        return coming.popleft() if coming else None

    def clear(self) -> None:
        self._coming.clear()
