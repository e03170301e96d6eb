"""What the web service answers, and how it is written. Pure.

After PlaySMS's `documents/development/WEBSERVICES.md`: its errors are part of what scripts know.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any
from xml.etree import ElementTree

Reply = dict[str, Any]

_WORDS: Mapping[str, str] = {
    "100": "authentication failed",
    "101": "type of action is invalid or unknown",
    "102": "one or more field empty",
    "103": "not enough credit for this operation",
    "104": "webservice token is not available",
    "200": "send message failed",
    "201": "destination number or message is empty",
    "400": "no delivery status available",
    "501": "no data returned or result is empty",
}
_NOT_IN_XML = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def error(code: str, words: str = "") -> Reply:
    """An error. words: ours, where PlaySMS's own say too little."""
    return {"status": "ERR", "error": code, "error_string": words or _WORDS[code]}


def rows(found: Sequence[Reply], nothing: str) -> Reply:
    """Rows; with none, the error that says so."""
    return {"data": list(found), "error_string": None} if found else error(nothing)


def success(**fields: Any) -> Reply:
    """An answer without rows."""
    return {"status": "OK", "error": "0", **fields, "error_string": None}


def written(reply: Reply, form: str, now: float) -> tuple[str, str]:
    """A reply's content type and text.

    Arguments:
        form: "xml" or "serialize", in any case; all else is JSON.
    """
    whole = {**reply, "timestamp": int(now)}
    match form.lower():
        case "xml":
            root = ElementTree.Element("response")
            _fill(root, whole)
            text = ElementTree.tostring(root, encoding="unicode")
            return "text/xml", f'<?xml version="1.0"?>\n{text}\n'
        case "serialize":
            return "text/plain", _serialized(whole)
    return "application/json", json.dumps(whole)


def _fill(element: ElementTree.Element, value: Any) -> None:
    """The elements of a list are called item, as PlaySMS has it."""
    if isinstance(value, dict | list):
        pairs = value.items() if isinstance(value, dict) else (("item", it) for it in value)
        for name, inner in pairs:
            _fill(ElementTree.SubElement(element, name), inner)
    elif value is not None:
        element.text = _NOT_IN_XML.sub("\ufffd", str(value))


def _serialized(value: Any) -> str:
    """As PHP's serialize() writes it: lengths are those of the UTF-8 octets."""
    if value is None:
        return "N;"
    if isinstance(value, int):
        return f"i:{value};"
    if isinstance(value, str):
        return f's:{len(value.encode())}:"{value}";'
    pairs = value.items() if isinstance(value, dict) else enumerate(value)
    inner = "".join(f"{_serialized(name)}{_serialized(it)}" for name, it in pairs)
    return f"a:{len(value)}:{{{inner}}}"
