"""How a refusal is read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mail.outcome import Refused, Stage, TooLarge, TryLater, read_refusal


def read(stage, code, text, *, authenticated=True):
    return read_refusal(stage, code, text, authenticated=authenticated, limit=5)


@pytest.mark.parametrize(
    ("stage", "code", "text"),
    [
        (Stage.LOGIN, 535, "5.7.8 authentication failed"),
        (Stage.LOGIN, 554, "no service for you"),
        (Stage.MAIL, 530, "5.7.0 Must issue a STARTTLS command first"),
        (Stage.MAIL, 550, "5.1.8 Sender address rejected"),
        (Stage.RCPT, 530, "5.7.0 Authentication required"),
        (Stage.RCPT, 553, "5.7.1 Sender address rejected: not owned by user"),
        (Stage.RCPT, 554, "5.7.1 <x>: Relay access denied"),
    ],
)
def test_what_the_administrator_must_mend_is_kept_and_marked(stage, code, text):
    outcome = read(stage, code, text)
    assert isinstance(outcome, TryLater)
    assert outcome.configuration
    assert outcome.recipient is (stage is Stage.RCPT)


def test_554_571_is_configuration_only_while_not_logged_in():
    reply = (Stage.RCPT, 554, "5.7.1 <sari>: Recipient address rejected: Access denied")
    assert isinstance(read(*reply, authenticated=False), TryLater)
    assert isinstance(read(*reply, authenticated=True), Refused)


def test_a_message_refused_for_its_content_is_refused():
    assert isinstance(read(Stage.CONTENT, 554, "5.7.1 spam", authenticated=False), Refused)


@pytest.mark.parametrize("code", [500, 502, 503])
def test_a_conversation_out_of_step_is_not_a_refusal(code):
    assert isinstance(read(Stage.RCPT, code, "5.5.1 bad sequence"), TryLater)


@pytest.mark.parametrize(
    ("stage", "text"),
    [
        (Stage.MAIL, "size"),
        (Stage.MAIL, "5.3.4 too big"),
        (Stage.CONTENT, "5.3.4 x"),
        (Stage.CONTENT, "5.2.3 x"),
        (Stage.CONTENT, "Message exceeds fixed limit"),
    ],
)
def test_552_about_size_is_too_large(stage, text):
    assert read(stage, 552, text) == TooLarge(5, f"552 {text}")


@pytest.mark.parametrize("text", ["5.2.2 over quota", "mailbox full"])
def test_552_about_quota_is_refused(text):
    assert isinstance(read(Stage.CONTENT, 552, text), Refused)


@given(
    st.sampled_from(Stage),
    st.integers(min_value=-1, max_value=9999),
    st.text(),
    st.booleans(),
)
def test_any_reply_has_a_harmless_meaning(stage, code, text, authenticated):
    outcome = read(stage, code, text, authenticated=authenticated)
    assert outcome.words.isprintable()
    if isinstance(outcome, Refused):
        assert 500 <= code < 600
    if stage is Stage.CONTENT and isinstance(outcome, TryLater) and not outcome.configuration:
        assert not outcome.elsewhere


def test_a_message_that_was_given_is_never_offered_elsewhere():
    outcome = read(Stage.CONTENT, 451, "4.3.0 queue file write error")
    assert outcome == TryLater("451 4.3.0 queue file write error", 451)
