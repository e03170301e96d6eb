"""What a mail server can do wrong, and when: data for lab/unruly.py."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from random import Random


class Stage(Enum):
    """What the server is about to answer."""

    GREETING = "greeting"
    EHLO = "EHLO"
    MAIL = "MAIL"
    RCPT = "RCPT"
    DATA = "DATA"
    CONTENT = "the content on its way"
    ANSWER = "the dot"


class Then(Enum):
    """How it goes on after the wrong answer."""

    GO_ON = "go on"
    CUT = "cut the connection"
    STALL = "say nothing more until the client gives up"


@dataclass(frozen=True)
class Misbehaviour:
    """One thing done wrong in a conversation.

    Arguments:
        says: the answer, in place of the right one.
        passes_on: the server behind gets what the client said first; after the dot, so it has
            the message although the client is told something else.
        size: the SIZE to announce in an otherwise right answer, bytes.
        final: the client is told that it is for good: somebody has to look at it.
    """

    name: str
    stage: Stage
    says: bytes = b""
    then: Then = Then.GO_ON
    passes_on: bool = False
    size: int | None = None
    final: bool = False


_CUT, _STALL = Then.CUT, Then.STALL
_BINARY = bytes(range(128, 256)) + b"\0\r\n"
_ENDLESS = b"250 " + b"x" * 1_000_000
_TWO = b"250 2.0.0 Ok\r\n250 2.0.0 Ok\r\n"

SMALL = 64_000  # bytes; a few seconds of mp3 go in, of wav not

FAULTS = (
    Misbehaviour("hang up at once", Stage.GREETING, then=_CUT),
    Misbehaviour("never greet", Stage.GREETING, then=_STALL),
    Misbehaviour("greet with 421", Stage.GREETING, b"421 4.3.2 not now\r\n", _CUT),
    Misbehaviour("greet with 554", Stage.GREETING, b"554 5.3.2 no service\r\n", _CUT),
    Misbehaviour("greet with junk", Stage.GREETING, _BINARY, _CUT),
    Misbehaviour("announce a smaller SIZE", Stage.EHLO, passes_on=True, size=SMALL),
    Misbehaviour("cut at EHLO", Stage.EHLO, then=_CUT),
    Misbehaviour("later at MAIL", Stage.MAIL, b"452 4.3.1 disk full\r\n"),
    Misbehaviour("refuse at MAIL", Stage.MAIL, b"550 5.7.1 not from you\r\n"),
    Misbehaviour("two answers to MAIL", Stage.MAIL, _TWO, passes_on=True),
    Misbehaviour("greylist", Stage.RCPT, b"450 4.2.0 Greylisted, come back later\r\n"),
    Misbehaviour("refuse at RCPT", Stage.RCPT, b"550 5.1.1 nobody here\r\n", final=True),
    Misbehaviour("junk at RCPT", Stage.RCPT, _BINARY, passes_on=True),
    Misbehaviour("421 at RCPT", Stage.RCPT, b"421 4.7.0 too many\r\n", _CUT),
    Misbehaviour("later at DATA", Stage.DATA, b"451 4.3.0 not now\r\n"),
    Misbehaviour("refuse at DATA", Stage.DATA, b"554 5.7.0 no\r\n", final=True),
    Misbehaviour("stall before DATA", Stage.DATA, then=_STALL),
    Misbehaviour("cut before DATA", Stage.DATA, then=_CUT),
    Misbehaviour(
        "take it before it was sent", Stage.DATA, b"354 go on\r\n250 Ok\r\n", passes_on=True
    ),
    Misbehaviour("cut in the content", Stage.CONTENT, then=_CUT),
    Misbehaviour("later after the dot", Stage.ANSWER, b"451 4.3.0 not now\r\n"),
    Misbehaviour("refuse after the dot", Stage.ANSWER, b"554 5.7.1 spam\r\n", final=True),
    Misbehaviour("over quota for now", Stage.ANSWER, b"452 4.2.2 Over quota\r\n"),
    Misbehaviour("over quota", Stage.ANSWER, b"552 5.2.2 Over quota\r\n", final=True),
    Misbehaviour("stall after the dot", Stage.ANSWER, then=_STALL),
    Misbehaviour("cut after the dot", Stage.ANSWER, then=_CUT),
    Misbehaviour("take it and stall", Stage.ANSWER, then=_STALL, passes_on=True),
    Misbehaviour("take it and cut", Stage.ANSWER, then=_CUT, passes_on=True),
    Misbehaviour("take it and say later", Stage.ANSWER, b"451 4.3.0 hm\r\n", passes_on=True),
    Misbehaviour("take it and talk junk", Stage.ANSWER, _BINARY, passes_on=True),
    Misbehaviour("take it and never end the line", Stage.ANSWER, _ENDLESS, _CUT, passes_on=True),
    Misbehaviour("take it and answer half", Stage.ANSWER, b"25", _STALL, passes_on=True),
    Misbehaviour("take it and answer twice", Stage.ANSWER, _TWO, passes_on=True),
)


class Script:
    """Does each of some things wrong once, as soon as its stage comes."""

    def __init__(self, faults: Iterable[Misbehaviour]) -> None:
        self.left = list(faults)

    def __call__(self, stage: Stage) -> Misbehaviour | None:
        for fault in self.left:
            if fault.stage is stage:
                self.left.remove(fault)
                return fault
        return None


class Moods:
    """Does wrong what comes to its mind.

    random: seeded, so that a run can be had again. chance: that it happens at a stage, 0 to 1.
    Set `chance` to 0 and it behaves from then on.
    """

    def __init__(self, random: Random, chance: float) -> None:
        self._random = random
        self.chance = chance

    def __call__(self, stage: Stage) -> Misbehaviour | None:
        if self._random.random() >= self.chance:
            return None
        return self._random.choice([fault for fault in FAULTS if fault.stage is stage])
