"""What goes to PlaySMS's web service and comes from it. Pure.

After PlaySMS 1.4's `app=ws`, and what it was seen to do: it cuts long texts without a word,
strips what looks like HTML, and cannot store characters beyond U+FFFF.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from sms.alphabet import is_gsm7, septets, whole
from sms.gateway import Incoming
from sms.piece import Piece
from sms.splitting import count_parts

# It cuts at about 452 characters, and versions before 1.4.7 Unicode at three parts of 67 with
# room for a footer.
_LONGEST_GSM7 = 450
_LONGEST_UCS2 = 195
_BEYOND = re.compile("[\U00010000-\U0010ffff]")
_ENTITY = re.compile("&(?=#?[0-9A-Za-z]{1,31};)")
_BORDER = re.compile(r"\s+")

STATES: Mapping[str, Literal["delivered", "failed", "buffered"]] = {
    "1": "buffered",
    "2": "failed",
    "3": "delivered",
}
"""What a status of `ds` means; 0 is pending, and may stay so for ever."""
NOTHING_THERE = frozenset({"201", "400", "401", "402", "501"})
"""Errors that say that there is nothing to show."""


def pieces(body: str) -> tuple[Piece, ...]:
    """The pieces of a text, each an own text for PlaySMS: cut at word borders where it goes.

    A text that it cannot carry stays in one piece, so that all of it is refused.
    """
    text = whole(body.replace("\r\n", "\n")).strip()
    if not_carried(text):
        return (Piece(text, "ucs2", parts=count_parts(text)),)
    return tuple(
        Piece(chunk, "gsm7" if is_gsm7(chunk) else "ucs2", parts=count_parts(chunk))
        for chunk in _chunks(text)
    )


def not_carried(text: str) -> str:
    """The characters of a text that PlaySMS would turn into "?"; each once."""
    return "".join(dict.fromkeys(_BEYOND.findall(text)))


def _chunks(text: str) -> Iterator[str]:
    gsm7 = is_gsm7(text)
    limit = _LONGEST_GSM7 if gsm7 else _LONGEST_UCS2
    while (septets(text) if gsm7 else len(text)) > limit:
        reach = limit
        while gsm7 and septets(text[:reach]) > limit:
            reach -= 1
        borders = [found.start() for found in _BORDER.finditer(text, reach // 2, reach + 1)]
        cut = borders[-1] if borders else reach
        yield text[:cut]
        text = text[cut:].lstrip()
    yield text


def message(text: str) -> str:
    """A text as `msg` takes it: it is read as HTML, tags are stripped and entities replaced."""
    return _ENTITY.sub("&amp;", text).replace("<", "&lt;")


@dataclass(frozen=True, slots=True)
class WsAnswer:
    """An answer of the web service. error: its code, or empty."""

    rows: Sequence[Mapping[str, Any]]
    error: str
    words: str


def read_answer(body: str) -> WsAnswer | None:
    """An answer's rows and error; None where it is none of PlaySMS's."""
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        return None
    if not isinstance(answer, dict):
        return None
    rows = answer.get("data")
    rows = [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
    first = rows[0] if rows else {}
    failed = next((it for it in (answer, first) if it.get("status") == "ERR"), None)
    if failed is None and "data" not in answer:
        return None
    words = str(answer.get("error_string") or "")
    return WsAnswer(rows, "" if failed is None else str(failed.get("error", "?")), words)


def number_of(row: Mapping[str, Any], name: str) -> int | None:
    """A whole number above 0 of a row, which may be a string in it."""
    try:
        value = int(str(row.get(name, "")))
    except ValueError:
        return None
    return value if value > 0 else None


def read_inbox_row(row: Mapping[str, Any], zone: ZoneInfo, now: float) -> Incoming:
    """A text of `ix`. Its double quotes are single ones by then: PlaySMS does that."""
    fields = {name: _field(row, name) for name in ("id", "src", "dst", "msg", "dt")}
    return _incoming(f"{fields['id']}-{_digest(fields)}", fields, zone, now)


def read_pushed(fields: Mapping[str, str], zone: ZoneInfo, now: float) -> Incoming:
    """A text that PlaySMS brings. Without an id, equal texts of one second count as one."""
    known = {name: _field(fields, name) for name in ("src", "dst", "msg", "dt")}
    return _incoming(f"pushed-{_digest(known)}", known, zone, now)


def _incoming(key: str, fields: Mapping[str, str], zone: ZoneInfo, now: float) -> Incoming:
    return Incoming(
        key=key,
        raw=urlencode(fields),
        sender=fields["src"],
        own_number=fields["dst"] or None,
        sent_at=_moment(fields["dt"], zone, now),
        body=fields["msg"],
    )


def _field(row: Mapping[str, Any], name: str) -> str:
    value = row.get(name)
    return "" if value is None else whole(str(value))


def _digest(fields: Mapping[str, str]) -> str:
    return hashlib.sha256(urlencode(fields).encode()).hexdigest()[:20]


def _moment(text: str, zone: ZoneInfo, now: float) -> float:
    try:
        return datetime.fromisoformat(text).replace(tzinfo=zone).timestamp()
    except (ValueError, OverflowError):
        return now
