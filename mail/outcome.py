"""What became of a message at the mail server: errors are values here."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias

from mail.plain import plain

_MAX_WORDS = 500
_ENHANCED = re.compile(r"^([245]\.\d{1,3}\.\d{1,3})(?:\s|$)")
_TOO_LARGE = re.compile(r"\b(size|large|big|long|exceeds?)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Accepted:
    """The server took it: 250 after the final dot. `words` are the server's, with its queue id."""

    words: str


@dataclass(frozen=True, slots=True)
class TryLater:
    """Not now: a 4xx, no connection, a time-out, or a fault of the site's own settings.

    code: the reply code, None where there was none.
    configuration: somebody must mend the site file, the password or the certificate; the message
        waits for that and is not lost.
    recipient: it was said at RCPT; another recipient may be let through with the same settings.
    elsewhere: the trouble is this server's or the way to it, and it has not been given the
        message: another server may be tried at once.
    """

    words: str
    code: int | None = None
    configuration: bool = False
    elsewhere: bool = False
    recipient: bool = False


@dataclass(frozen=True, slots=True)
class Refused:
    """For good: a 5xx, with the server's own words."""

    words: str
    code: int


@dataclass(frozen=True, slots=True)
class TooLarge:
    """Larger than the server takes. limit: bytes, None where it did not say."""

    limit: int | None
    words: str


Outcome: TypeAlias = Accepted | TryLater | Refused | TooLarge


class Stage(Enum):
    """What the server was answering."""

    LOGIN = "login"
    MAIL = "MAIL"
    RCPT = "RCPT"
    DATA = "DATA"
    CONTENT = "the message"


def words_of(text: str) -> str:
    """A server's words as one harmless line."""
    return plain(text, _MAX_WORDS)


def read_refusal(
    stage: Stage, code: int, text: str, *, authenticated: bool, limit: int | None
) -> TryLater | Refused | TooLarge:
    """Read a reply that is not the hoped-for one (RFC 5321, 4.2; RFC 3463).

    Arguments:
        authenticated: whether we had logged in; without it, "5.7.1" is our own settings' fault.
        limit: what the server announced as SIZE, bytes.
    """
    match = _ENHANCED.match(text)
    status = match[1] if match else ""
    words = words_of(f"{code} {text}")
    if 400 <= code < 500:
        return TryLater(words, code, elsewhere=_is_the_servers_own(stage, code, status))
    if not 500 <= code < 600:
        return TryLater(f"unexpected answer to {stage.value}: {words}", elsewhere=not_given(stage))
    if _is_too_large(stage, code, status, text):
        return TooLarge(limit, words)
    if code in {500, 502, 503} and stage is not Stage.LOGIN:
        # "Bad sequence", "unknown command": the conversation is out of step, not the message bad.
        return TryLater(words, code, elsewhere=not_given(stage))
    if _is_our_configuration(stage, code, status, text, authenticated):
        at_recipient = stage is Stage.RCPT
        return TryLater(words, code, configuration=True, elsewhere=True, recipient=at_recipient)
    return Refused(words, code)


def not_given(stage: Stage) -> bool:
    """Whether a server that failed at this stage can have none of the message."""
    return stage is not Stage.CONTENT


def _is_the_servers_own(stage: Stage, code: int, status: str) -> bool:
    """A 4xx about the server (shutting down, disk full), not about this message (greylisting)."""
    if stage is Stage.CONTENT:
        return False
    return stage is Stage.LOGIN or code == 421 or status.startswith("4.3.")


def _is_too_large(stage: Stage, code: int, status: str, text: str) -> bool:
    if status:
        return status in {"5.3.4", "5.2.3"}
    # Without a status, 552 at MAIL can only be about the declared size; later it may be quota.
    return code == 552 and (stage is Stage.MAIL or _TOO_LARGE.search(text) is not None)


def _is_our_configuration(
    stage: Stage, code: int, status: str, text: str, authenticated: bool
) -> bool:
    if stage in {Stage.LOGIN, Stage.MAIL} or code in {530, 534, 535, 538}:
        return True  # the account or the sender, so every message of the site alike
    if stage is not Stage.RCPT or status != "5.7.1":
        return False
    # 553 5.7.1: the sender is not the account's. 554 5.7.1: not logged in, or may not relay.
    return code == 553 or not authenticated or "relay" in text.lower()
