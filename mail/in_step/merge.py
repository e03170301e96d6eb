"""The rules of read is heard, as a pure function: what to do when the two sides differ.

Each side is compared with what both agreed on last, so that it is known which of them changed.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from pbx.voicemail import WhenDeleted


class Side(Enum):
    """How a side stands."""

    UNREAD = "unread"
    """The mail is unread; the message is new on the telephone."""
    READ = "read"
    """The mail is read; the message was heard, or filed away."""
    GONE = "gone"
    """Deleted, for sure."""
    UNKNOWN = "unknown"
    """Not there yet, or it cannot be told now."""


class Action(Enum):
    """What is to be done to a side."""

    MARK_READ = "mark the mail read"
    MARK_UNREAD = "mark the mail unread"
    MOVE_MAIL = "move the mail to the trash"
    DELETE_MAIL = "delete the mail"
    MARK_HEARD = "mark the message heard"
    MARK_NEW = "mark the message new"
    DELETE_MESSAGE = "delete the message"


DESTRUCTIVE = frozenset({Action.MOVE_MAIL, Action.DELETE_MAIL, Action.DELETE_MESSAGE})
"""What is done only after a last look that the side still stands as it did."""


@dataclass(frozen=True, slots=True)
class Step:
    """What to do, and what is agreed on once it is done.

    Arguments:
        closed: why the pair is done with, or None while it goes on.
    """

    read: bool
    action: Action | None = None
    closed: str | None = None


CONFLICT = "conflict"
"""How the reason of a pair begins where nothing was deleted because the other side had changed."""


def merge(base: bool, mail: Side, telephone: Side, when_deleted: WhenDeleted, whole: bool) -> Step:
    """Decide for one pair.

    Arguments:
        base: whether both agreed on "read" last.
        whole: whether the mail carries the recording. Where it does not, the telephone has the
            only copy, and that is never deleted.
    """
    if Side.UNKNOWN in {mail, telephone}:
        return Step(base)
    if Side.GONE in {mail, telephone}:
        if mail is telephone:
            return Step(base, closed="deleted on both sides")
        if telephone is Side.GONE:
            return _message_deleted(base, mail, when_deleted)
        return _mail_deleted(base, telephone, when_deleted if whole else _milder(when_deleted))
    return _both_there(base, mail is Side.READ, telephone is Side.READ)


def _both_there(base: bool, read: bool, heard: bool) -> Step:
    if read == heard:
        return Step(read)
    if read != base:
        return Step(read, Action.MARK_HEARD if read else Action.MARK_NEW)
    return Step(heard, Action.MARK_READ if heard else Action.MARK_UNREAD)


def _mail_deleted(base: bool, telephone: Side, when_deleted: WhenDeleted) -> Step:
    heard = telephone is Side.READ
    if when_deleted == "keep":
        return Step(base, closed="mail deleted; the message is kept")
    if when_deleted == "move" and heard:
        return Step(base, closed="mail deleted; the message is old")
    if heard != base:
        return Step(base, closed=f"{CONFLICT}: mail deleted, message {_changed(heard, 'heard')}")
    if when_deleted == "delete":
        return Step(base, Action.DELETE_MESSAGE, "mail deleted; the message too")
    return Step(base, Action.MARK_HEARD, "mail deleted; the message is old")


def _message_deleted(base: bool, mail: Side, when_deleted: WhenDeleted) -> Step:
    read = mail is Side.READ
    if when_deleted == "keep":
        # By telephone a message is deleted by who has heard it.
        action = Action.MARK_READ if not read and not base else None
        return Step(base, action, "message deleted; the mail is kept")
    if read != base:
        return Step(base, closed=f"{CONFLICT}: message deleted, mail {_changed(read, 'read')}")
    if when_deleted == "delete":
        return Step(base, Action.DELETE_MAIL, "message deleted; the mail too")
    return Step(base, Action.MOVE_MAIL, "message deleted; the mail is in the trash")


def _changed(now: bool, word: str) -> str:
    return f"{word} meanwhile" if now else f"marked un{word} meanwhile"


def _milder(when_deleted: WhenDeleted) -> WhenDeleted:
    return "move" if when_deleted == "delete" else when_deleted
