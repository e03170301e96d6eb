"""Reads a mail that may say that another one could not be delivered.

Source: RFC 3464 (delivery status), RFC 3462 (multipart/report), RFC 5337; besides, Exim's
X-Failed-Recipients and the texts of qmail-send, which are older than those.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from mail.bounces.parts import Part, read_part
from mail.outcome import words_of

Action = Literal["failed", "delayed"]

_STATUS_KINDS = {"message/delivery-status", "message/global-delivery-status"}
_RETURNED_KINDS = {
    "message/rfc822",
    "message/global",
    "text/rfc822-headers",
    "message/rfc822-headers",
    "message/global-headers",
}
_ID = re.compile(r"<[!-;=?A-~]{1,120}@[!-;=?A-~]{1,250}>")
_STATUS = re.compile(r"\b([245]\.\d{1,3}\.\d{1,3})\b")
_QMAIL = re.compile(r"\s*Hi\. This is the ")
_BELOW = re.compile(
    r"^-+ (?:Below this line is a copy of the message|This is a copy of (?:the|your) message)"
    r".*$",
    re.MULTILINE,
)
_OF_ADDRESS = re.compile(r"^[ \t]*<?[^\s<>@]{1,100}@[^\s<>@:]{1,250}>?:?[ \t]*\n(.+)", re.MULTILINE)
_DEPTH = 3  # a mailing list's or a filter's wrapping around a report
_GROUPS = 50  # recipients in one report


@dataclass(frozen=True, slots=True)
class Bounce:
    """What a bounce says of one mail."""

    message_id: str
    """Of the mail that came back, with its brackets."""
    action: Action
    status: str
    """Such as 5.1.1 (RFC 3463); empty where it says none."""
    words: str
    """The server's own, as one line."""


def read_bounce(content: bytes) -> Bounce | None:
    """What a mail says about another one that was not delivered; None if it is no bounce.

    Automatic answers, read receipts and spam are none. Never fails, whatever it is given.
    """
    mail = read_part(content)
    return _report(mail) or _exim(mail) or _qmail(mail)


def _report(mail: Part) -> Bounce | None:
    """A multipart/report with a message/delivery-status in it."""
    if mail.kind != "multipart/report":
        return None
    if mail.parameter("report-type").lower() not in {"delivery-status", ""}:
        return None
    parts = list(_leaves(mail, _DEPTH))
    status = next((part for part in parts if part.kind in _STATUS_KINDS), None)
    if status is None:
        return None
    verdict = _verdict(status)
    if verdict is None:
        return None
    returned = next((part for part in parts if part.kind in _RETURNED_KINDS), None)
    found = _id_of(read_part(returned.decoded())) if returned is not None else None
    return _bounce(found or _named(mail), *verdict)


def _verdict(status: Part) -> tuple[Action, str, str] | None:
    """The worst that is said of any recipient."""
    late: tuple[Action, str, str] | None = None
    groups = re.split(r"\n[ \t]*\n", status.text().replace("\r\n", "\n").strip(), maxsplit=_GROUPS)
    for group in groups:
        fields = read_part(group.encode()).fields
        action = fields.get("action", "").partition("(")[0].strip().lower()
        code = _STATUS.search(fields.get("status", ""))
        reason = fields.get("diagnostic-code", "")
        kind, semicolon, said = reason.partition(";")
        words = said if semicolon and " " not in kind.strip() else reason
        if action == "failed":
            return "failed", code[1] if code else "", words
        if action == "delayed":
            late = "delayed", code[1] if code else "", words
    return late


def _exim(mail: Part) -> Bounce | None:
    """Exim's own form: a header names the recipients, the text ends with the message."""
    if "x-failed-recipients" not in mail.fields:
        return None
    return _from_text(mail)


def _qmail(mail: Part) -> Bounce | None:
    """qmail-send's text, and of those that write alike (QSBMF)."""
    if mail.kind != "text/plain" or _QMAIL.match(mail.text()[:200]) is None:
        return None
    return _from_text(mail)


def _from_text(mail: Part) -> Bounce | None:
    parts = list(_leaves(mail, _DEPTH)) or [mail]
    text = next((it for it in parts if it.kind == "text/plain"), mail).text().replace("\r\n", "\n")
    mark = _BELOW.search(text)
    said = text if mark is None else text[: mark.start()]
    returned = next((part for part in parts if part.kind in _RETURNED_KINDS), None)
    if returned is not None:
        found = _id_of(read_part(returned.decoded()))
    elif mark is not None:
        found = _id_of(read_part(text[mark.end() :].lstrip("\n").encode()))
    else:
        found = None
    code = _STATUS.search(said)
    reason = _OF_ADDRESS.search(said)
    words = reason[1] if reason else said
    return _bounce(found or _named(mail), "failed", code[1] if code else "", words)


def _bounce(message_id: str | None, action: Action, status: str, words: str) -> Bounce | None:
    if message_id is None:
        return None
    return Bounce(message_id, action, status, words_of(words) or status or "no reason given")


def _named(mail: Part) -> str | None:
    """The mail that the bounce answers, where it returns nothing of it."""
    for field in ("in-reply-to", "references"):
        if found := _ID.findall(mail.fields.get(field, "")):
            return str(found[-1])
    return None


def _id_of(returned: Part) -> str | None:
    found = _ID.search(returned.fields.get("message-id", ""))
    return None if found is None else found[0]


def _leaves(part: Part, depth: int) -> Iterator[Part]:
    """The parts of a mail that are none of several, in their order."""
    for inner in part.parts() if depth else ():
        if inner.kind.startswith("multipart/"):
            yield from _leaves(inner, depth - 1)
        else:
            yield inner
