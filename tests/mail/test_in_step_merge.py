"""The rules of read is heard: by table, and over random histories."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mail.in_step.merge import CONFLICT, Action, Side, Step, merge
from pbx.voicemail import WhenDeleted

UNREAD, READ, GONE, UNKNOWN = Side.UNREAD, Side.READ, Side.GONE, Side.UNKNOWN


@pytest.mark.parametrize(
    ("base", "mail", "message", "step"),
    [
        (False, UNREAD, UNREAD, Step(False)),
        (False, READ, UNREAD, Step(True, Action.MARK_HEARD)),
        (False, UNREAD, READ, Step(True, Action.MARK_READ)),
        (False, READ, READ, Step(True)),
        (True, UNREAD, READ, Step(False, Action.MARK_NEW)),
        (True, READ, UNREAD, Step(False, Action.MARK_UNREAD)),
        (True, UNREAD, UNREAD, Step(False)),
        (False, UNKNOWN, READ, Step(False)),
        (False, READ, UNKNOWN, Step(False)),
        (True, GONE, UNKNOWN, Step(True)),
        (True, UNKNOWN, GONE, Step(True)),
    ],
)
def test_what_changed_on_one_side_is_carried_to_the_other(
    base: bool, mail: Side, message: Side, step: Step
) -> None:
    assert merge(base, mail, message, "delete", whole=True) == step


@pytest.mark.parametrize(
    ("rule", "base", "mail", "message", "action", "conflict"),
    [
        ("keep", False, GONE, UNREAD, None, False),
        ("keep", False, UNREAD, GONE, Action.MARK_READ, False),
        ("keep", True, UNREAD, GONE, None, False),
        ("move", False, GONE, UNREAD, Action.MARK_HEARD, False),
        ("move", False, GONE, READ, None, False),
        ("move", True, GONE, UNREAD, None, True),
        ("move", False, UNREAD, GONE, Action.MOVE_MAIL, False),
        ("move", False, READ, GONE, None, True),
        ("delete", False, GONE, UNREAD, Action.DELETE_MESSAGE, False),
        ("delete", True, GONE, READ, Action.DELETE_MESSAGE, False),
        ("delete", False, GONE, READ, None, True),
        ("delete", True, READ, GONE, Action.DELETE_MAIL, False),
        ("delete", True, UNREAD, GONE, None, True),
        ("delete", False, GONE, GONE, None, False),
    ],
)
def test_what_is_deleted_on_one_side_follows_the_rule_of_the_site(
    *, rule: WhenDeleted, base: bool, mail: Side, message: Side, action: Action, conflict: bool
) -> None:
    step = merge(base, mail, message, rule, whole=True)
    assert step.action is action
    assert step.closed is not None
    assert step.closed.startswith(CONFLICT) is conflict


def test_the_only_copy_of_a_recording_is_never_deleted() -> None:
    step = merge(False, GONE, UNREAD, "delete", whole=False)
    assert step.action is Action.MARK_HEARD
    assert merge(True, GONE, READ, "delete", whole=False).action is None


@dataclass
class World:
    """Both sides, what both agreed on, and what happens meanwhile."""

    rule: WhenDeleted
    whole: bool
    mail: Side = UNREAD
    message: Side = UNREAD
    base: bool = False
    closed: str | None = None
    deleted_by_us: list[str] = field(default_factory=list)

    def person(self, side: str, to: Side) -> None:
        if getattr(self, side) is not GONE:
            setattr(self, side, to)

    def visit(self, *, mail_away: bool = False, message_away: bool = False, dies: str = "") -> bool:
        """One visit; whether anything was done. dies: before or after the action."""
        if self.closed is not None:
            return False
        before = (self.mail, self.message, self.base)
        mail = UNKNOWN if mail_away else self.mail
        message = UNKNOWN if message_away else self.message
        step = merge(self.base, mail, message, self.rule, self.whole)
        if dies == "before action":
            return False
        self.act(step.action)
        if dies == "before commit":
            return False
        self.base, self.closed = step.read, step.closed
        return (self.mail, self.message, self.base) != before or self.closed is not None

    def act(self, action: Action | None) -> None:
        if action is Action.MARK_READ:
            self.mail = READ
        elif action is Action.MARK_UNREAD:
            self.mail = UNREAD
        elif action is Action.MARK_HEARD:
            self.message = READ
        elif action is Action.MARK_NEW:
            self.message = UNREAD
        elif action in {Action.MOVE_MAIL, Action.DELETE_MAIL}:
            assert self.mail is (READ if self.base else UNREAD), "it has changed since"
            assert self.message is GONE
            self.mail = GONE
            self.deleted_by_us.append("mail")
        elif action is Action.DELETE_MESSAGE:
            assert self.message is (READ if self.base else UNREAD), "it has changed since"
            assert self.mail is GONE
            assert self.whole
            self.message = GONE
            self.deleted_by_us.append("message")


EVENTS = st.one_of(
    st.tuples(
        st.just("person"), st.sampled_from(["mail", "message"]), st.sampled_from(Side)
    ).filter(lambda it: it[2] is not UNKNOWN),
    st.tuples(
        st.just("visit"),
        st.sampled_from(["", "mail", "message"]),
        st.sampled_from(["", "before action", "before commit"]),
    ),
)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(["keep", "move", "delete"]), st.booleans(), st.lists(EVENTS, max_size=25))
def test_any_history_ends_in_step_and_nothing_that_changed_is_deleted(
    rule: WhenDeleted, whole: bool, events: list[tuple[str, str, Side | str]]
) -> None:
    world = World(rule, whole)
    for kind, which, what in events:
        if kind == "person":
            assert isinstance(what, Side)
            world.person(which, what)
        else:
            away = {"mail_away": which == "mail", "message_away": which == "message"}
            world.visit(**away, dies=str(what))
    for _ in range(4):
        if not world.visit():
            break
    else:
        raise AssertionError("it never comes to rest")
    assert not world.visit(), "a visit where nothing changed does nothing"
    if world.closed is None:
        assert world.mail is world.message
        assert world.base is (world.mail is READ)
    if rule == "keep":
        assert not world.deleted_by_us
    if not whole:
        assert "message" not in world.deleted_by_us
