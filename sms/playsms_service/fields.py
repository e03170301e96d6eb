"""Reads the fields of a request to the web service."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from aiohttp import web

from sms.gateways.http import fields_of, octets_of

_ENTITY = re.compile(r"&#?[0-9A-Za-z]{1,31};")
_SPANS = (
    ("%Y-%m-%d %H:%M:%S", timedelta(seconds=1)),
    ("%Y-%m-%d %H:%M", timedelta(minutes=1)),
    ("%Y-%m-%d %H", timedelta(hours=1)),
    ("%Y-%m-%d", timedelta(days=1)),
)
_DIGITS = 15
_LARGEST = 2**31 - 1  # of an id in the ledger


async def read_fields(request: web.Request) -> dict[str, str]:
    """All fields: of the address, and of a form, which go before them.

    Raises:
        ValueError: the form cannot be read.
    """
    kind = request.content_type
    form = await request.read() if kind == "application/x-www-form-urlencoded" else b""
    found = fields_of(request.rel_url.raw_query_string, form)
    if kind == "multipart/form-data":
        try:
            posted = await request.post()
        except LookupError as error:
            raise ValueError(str(error)) from error
        found |= {name: it for name, it in posted.items() if isinstance(it, str)}
    return {name: octets_of(it).decode("utf-8", "replace").strip() for name, it in found.items()}


def body_of(fields: Mapping[str, str]) -> str:
    """The text to be sent. PlaySMS reads it as HTML: its scripts may write &lt; for <.

    Tags stay: PlaySMS strips them, and with them what only looks like one.
    """
    body = _ENTITY.sub(lambda found: html.unescape(found[0]), fields.get("msg", "")).strip()
    footer = fields.get("footer", "")
    return f"{body} {footer}" if body and footer and not is_set(fields, "nofooter") else body


def is_set(fields: Mapping[str, str], name: str) -> bool:
    """Whether PHP takes a field for true."""
    return fields.get(name, "") not in {"", "0"}


def whole_number(fields: Mapping[str, str], name: str) -> int | None:
    """A number above 0, or the largest; None where there is none."""
    text = fields.get(name, "")
    if not (text.isascii() and text.isdigit() and len(text) <= _DIGITS):
        return None
    return min(int(text), _LARGEST) or None


def moment(text: str, zone: ZoneInfo) -> float | None:
    """A moment as PlaySMS writes it, seconds since 1970."""
    span = span_of(text, zone)
    return None if span is None else span[0]


def span_of(text: str, zone: ZoneInfo) -> tuple[float, float] | None:
    """What a date, or the beginning of a moment, stands for: from, and until before."""
    for pattern, length in _SPANS:
        try:
            begin = datetime.strptime(text, pattern)
            end = begin + length
            return begin.replace(tzinfo=zone).timestamp(), end.replace(tzinfo=zone).timestamp()
        except (ValueError, OverflowError):
            continue
    return None


def shown_moment(at: float, zone: ZoneInfo) -> str:
    return datetime.fromtimestamp(int(at), zone).strftime("%Y-%m-%d %H:%M:%S")
