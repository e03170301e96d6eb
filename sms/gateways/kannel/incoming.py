"""Reads a text that Kannel's sms-service brings: `get-url` with %p %P %b %c %C %u %I %T. Pure."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from urllib.parse import urlencode

from sms.alphabet import decode_ucs2
from sms.gateway import Incoming
from sms.gateways.http import octets_of
from sms.pdu.user_data_header import read_header

_KEY = re.compile(r"[!-~]{1,64}")
# What an administrator may set as `alt-charset`; not the other things that Python calls encodings.
_CHARSET = re.compile(
    r"utf-8|us-ascii|ascii|latin-?1|iso-?8859-[0-9]{1,2}|(windows-|cp)[0-9]{3,4}|koi8-[ru]",
    re.IGNORECASE,
)


def read_incoming(fields: Mapping[str, str], now: float) -> Incoming:
    """A text of a callback's fields.

    Kannel's own id (%I) is the same whenever it brings the text again. Without one, texts that
    are the same to the last octet and second count as one.

    Arguments:
        fields: of `fields_of`: from, to, text, coding, charset, udh, id, t.
        now: seconds since 1970, where no time came.
    """
    raw = urlencode(sorted(fields.items()), errors="surrogateescape")
    octets = octets_of(fields.get("text", ""))
    body, trouble = body_of(octets, fields.get("coding", "0"), fields.get("charset", ""))
    key = fields.get("id", "")
    return Incoming(
        key=key if _KEY.fullmatch(key) else hashlib.sha256(raw.encode()).hexdigest(),
        raw=raw,
        sender=_readable(fields.get("from", "")),
        own_number=_readable(fields.get("to", "")) or None,
        sent_at=_moment(fields.get("t", ""), now),
        body=body,
        concat=read_header(octets_of(fields.get("udh", ""))[1:]).concat,
        trouble=trouble,
    )


def body_of(octets: bytes, coding: str, charset: str) -> tuple[str | None, str | None]:
    """What a text says, and the trouble with it. charset: empty where Kannel names none."""
    charset = charset or ("UTF-16BE" if coding == "2" else "UTF-8")
    if coding == "1":
        return None, f"{len(octets)} octets of data, which are no text"
    if charset.upper() == "UTF-16BE":
        return decode_ucs2(octets), None
    if _CHARSET.fullmatch(charset):
        try:
            return octets.decode(charset, "replace"), None
        except LookupError:
            pass
    return octets.decode("utf-8", "replace"), f"the charset {_readable(charset)} is not known"


def _readable(text: str) -> str:
    return octets_of(text).decode("utf-8", "replace")


def _moment(text: str, now: float) -> float:
    """%T, seconds since 1970, or %t, a date and time of UTC."""
    try:
        if text.isdecimal():
            return float(text)
        return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()
    except (ValueError, OverflowError):
        return now
