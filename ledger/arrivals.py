"""A text that comes in: the parts that it is gathered of, and what becomes of it."""

from __future__ import annotations

from dataclasses import dataclass

from ledger.entries import NewEntry
from ledger.texts import NewText


@dataclass(frozen=True, slots=True)
class NewPart:
    """A text or a part of one, as it came. reference, total, number: None for a whole one."""

    gateway: str
    key: str
    raw: str
    sender: str
    own_number: str | None
    sent_at: float
    body: str | None
    trouble: str | None = None
    reference: int | None = None
    total: int | None = None
    number: int | None = None


@dataclass(frozen=True, slots=True)
class Gathered:
    """The parts of one text, as many as there are.

    Arguments:
        source: what the text is known by.
        bodies: what each part says, by its number from 1; None where it could not be read.
        total: how many there should be.
    """

    source: str
    gateway: str
    sender: str
    own_number: str | None
    sent_at: float
    bodies: dict[int, str | None]
    total: int
    trouble: str | None

    @property
    def whole(self) -> bool:
        return all(number in self.bodies for number in range(1, self.total + 1))


@dataclass(frozen=True, slots=True)
class GroupChange:
    """A number that joins a group, or leaves it."""

    group: str
    joins: bool


@dataclass(frozen=True, slots=True)
class NewCall:
    """A program that is to be told. may_answer: what it answers may go back to the customer."""

    keyword: str
    may_answer: bool


@dataclass(frozen=True, slots=True)
class Taken:
    """What becomes of a text that came in.

    Arguments:
        number: E.164, or the name that its sender has.
        body: what it says, joined.
        extension: whose it is; empty for the desk.
        message_id: of the e-mail that it becomes.
        mails: those e-mails.
        answers: texts to send back.
        stop: put the number on the stop list (True), or take it from it (False).
        groups: groups that the number joins or leaves.
        account: what answers of its keyword count for; empty where it has none.
        call: the program that is to be told of it.
    """

    number: str
    body: str
    extension: str
    message_id: str | None = None
    mails: tuple[NewEntry, ...] = ()
    answers: tuple[NewText, ...] = ()
    stop: bool | None = None
    groups: tuple[GroupChange, ...] = ()
    account: str = ""
    call: NewCall | None = None
