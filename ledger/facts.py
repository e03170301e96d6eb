"""The facts that a message is written from: one class a kind, and how the ledger keeps them.

Times in seconds since 1970. What strangers wrote is kept as it came.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, ClassVar

from ledger.notices import NOTICES, whole_fields


@dataclass(frozen=True, slots=True)
class VoicemailFacts:
    """A recording that a caller left. duration: seconds."""

    KIND: ClassVar[str] = "voicemail"

    mailbox: str
    msg_id: str
    caller_number: str
    caller_name: str
    left_at: int
    duration: int
    waiting: int
    """Messages not yet heard in the mailbox when this one was handed over, itself included."""

    @property
    def who(self) -> str:
        return self.caller_name or self.caller_number

    @property
    def details(self) -> Mapping[str, str]:
        return {
            "caller": f"{self.caller_name} {self.caller_number}".strip(),
            "mailbox": self.mailbox,
            "duration": f"{self.duration} s",
        }


@dataclass(frozen=True, slots=True)
class MissedCallFacts:
    """A caller who gave up."""

    KIND: ClassVar[str] = "missed-call"

    caller_number: str
    caller_name: str
    called_at: int
    recent: int
    """Calls of this caller that this person missed in the last seven days, this one included."""

    @property
    def who(self) -> str:
        return self.caller_name or self.caller_number

    @property
    def details(self) -> Mapping[str, str]:
        return {"caller": f"{self.caller_name} {self.caller_number}".strip()}


@dataclass(frozen=True, slots=True)
class EarlierText:
    """A text of the same conversation. by: who wrote it, empty for the customer or nobody's."""

    at: int
    outgoing: bool
    by: str
    body: str


@dataclass(frozen=True, slots=True)
class TextFacts:
    """A text that came in.

    Arguments:
        number: E.164, or a sender's name: "TELKOMSEL".
        own_number: what it was sent to, where that is known.
        incomplete: a part of it never came.
        earlier: the conversation before it, oldest first.
        references: Message-IDs of the conversation's e-mails, oldest first.
        reply_to: address of ours that turns an e-mail into an answer; None where none can be sent.
        keyword: the word of the site file that it began with.
    """

    KIND: ClassVar[str] = "text"

    number: str
    own_number: str | None
    gateway: str
    received_at: int
    body: str
    incomplete: bool = False
    earlier: tuple[EarlierText, ...] = ()
    references: tuple[str, ...] = ()
    reply_to: str | None = None
    keyword: str | None = None

    @property
    def who(self) -> str:
        return self.number

    @property
    def details(self) -> Mapping[str, str]:
        return {"from": self.number, "gateway": self.gateway, "text": _line(self.body)}


@dataclass(frozen=True, slots=True)
class NoticeFacts:
    """What became of something.

    Arguments:
        about: which notice; ledger/notices.py has them all, and the fields of each.
        references: Message-IDs, oldest first; the last one is the e-mail that this answers.
        attachment: a file's name, and the text in it.

    Raises:
        ValueError: no such notice, or fields that are missing, unknown or of the wrong type.
    """

    KIND: ClassVar[str] = "notice"

    about: str
    fields: Mapping[str, str | int]
    references: tuple[str, ...] = ()
    attachment: tuple[str, str] | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        whole_fields(self.about, self.fields)

    @property
    def who(self) -> str:
        return str(self.fields[next(iter(NOTICES[self.about]))])

    @property
    def details(self) -> Mapping[str, str]:
        named = {name.replace("_", " "): _line(value) for name, value in self.fields.items()}
        return {"about": self.about} | named


Facts = VoicemailFacts | MissedCallFacts | TextFacts | NoticeFacts


def write_facts(facts: Facts) -> str:
    return json.dumps(asdict(facts), ensure_ascii=True)


def read_facts(kind: str, payload: str) -> Facts:
    fields: dict[str, Any] = json.loads(payload)
    return _READERS[kind](**fields)


def _line(value: str | int) -> str:
    return " ".join(str(value).split())


def _text(*, earlier: list[dict[str, Any]], references: list[str], **fields: Any) -> TextFacts:
    told = tuple(EarlierText(**text) for text in earlier)
    return TextFacts(earlier=told, references=tuple(references), **fields)


def _notice(*, references: list[str], attachment: list[str] | None, **fields: Any) -> NoticeFacts:
    file = None if attachment is None else (attachment[0], attachment[1])
    return NoticeFacts(references=tuple(references), attachment=file, **fields)


_READERS: Mapping[str, Callable[..., Facts]] = {
    VoicemailFacts.KIND: VoicemailFacts,
    MissedCallFacts.KIND: MissedCallFacts,
    TextFacts.KIND: _text,
    NoticeFacts.KIND: _notice,
}
