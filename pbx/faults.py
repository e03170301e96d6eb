"""Says what pydantic found in the words of the site file: what is wrong, and what to do."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterable, Mapping
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from pbx.fields import PATTERN_REMEDIES
from pbx.model import Site

Location = tuple[str | int, ...]

# `voicemail` is a table or false. pydantic tells of both branches; only the table's is of use.
_TABLE_BRANCH, _FALSE_BRANCH = re.compile(r"\bPersonVoicemail\]?$"), "literal[False]"
_TAG = "kind"  # what gateways are told apart by; pydantic names its value among the keys
_SECRET = re.compile(r"^(imap_|apply_|call_)?(password|secret|pin|token|ledger_url)(_file|_env)?$")
_LONGEST_SHOWN = 60  # characters


def faults_of(error: ValidationError) -> list[Any]:
    """pydantic's faults, without those that say nothing to the reader."""
    faults = [fault for fault in error.errors() if _FALSE_BRANCH not in fault["loc"]]
    # A list whose only element is faulty is called too short as well.
    return [it for it in faults if it["type"] != "too_short" or not _has_inner(it["loc"], faults)]


def location_of(fault: Any, data: Any) -> Location:
    """Where the fault stands in `data`, as it was written: one server may be no list."""
    found: list[str | int] = []
    for part in fault["loc"]:
        if isinstance(part, int) and isinstance(data, Mapping):
            continue
        if isinstance(part, str) and _TABLE_BRANCH.search(part):
            continue
        if isinstance(data, Mapping) and data.get(_TAG) == part:
            continue
        found.append(part)
        data = _inside(data, part)
    if fault["type"].startswith("union_tag_"):
        found.append(_TAG)
    return tuple(found)


def dotted(location: Iterable[str | int]) -> str:
    """A location as people write it: "people[3].voicemail.pin"."""
    key = ""
    for part in location:
        key += f"[{part}]" if isinstance(part, int) else f".{part}" if key else part
    return key


def say(fault: Any, location: Location) -> tuple[str, str]:
    """What is wrong, and the remedy."""
    kind, key = fault["type"], location[-1] if location else ""
    if kind in {"missing", "union_tag_not_found"}:
        return "is missing.", "Add it."
    if kind == "extra_forbidden":
        return "is not a key of the site file.", _other_key(location)
    if kind == "value_error":
        return f"{fault['ctx']['error']}.", ""
    if kind in {"model_type", "model_attributes_type", "dict_type", "tuple_type"}:
        return "has the wrong shape.", _SHAPES.get(key, _SHAPES[kind])
    shown = _shown(fault["input"], location)
    words = re.sub(r"^(Input|String|Tuple|Value) should ", "should ", fault["msg"])
    remedy = ""
    if kind == "string_pattern_mismatch":
        words = "is not of the right form"
        remedy = PATTERN_REMEDIES.get(fault["ctx"]["pattern"], "")
    elif kind == "union_tag_invalid":
        words, shown = "is none that there is", _shown(fault["ctx"]["tag"], location)
        remedy = f"Write one of {fault['ctx']['expected_tags']}.".replace("'", "")
    return f"{words}.{shown}", remedy


_SHAPES: dict[Any, str] = {
    "people": "Begin each person with [[people]], in two brackets.",
    "gateways": "Begin each gateway with [[sms.gateways]], in two brackets.",
    "keywords": "Begin each keyword with [[sms.keywords]], in two brackets.",
    "api": "Begin each program with [[sms.api]], in two brackets.",
    "smtp": 'Write a table, or a list of tables: { host = "mail.klinik.example" }.',
    "voicemail": "Write a table like { pin_file = ... }, or false for no mailbox.",
    "tuple_type": 'Write a list: ["...", "..."].',
    "model_type": "Write a table: { key = ... }.",
    "model_attributes_type": "Write a table: { key = ... }.",
    "dict_type": "Write a table: { key = ... }.",
}


def _shown(value: Any, location: Location) -> str:
    secret = any(isinstance(part, str) and _SECRET.match(part) for part in location)
    if secret or not isinstance(value, str | int | float):
        return ""
    try:
        text = json.dumps(value, ensure_ascii=False)
    except ValueError:  # a number of thousands of digits
        return ""
    return f" It is {text if len(text) <= _LONGEST_SHOWN else text[:_LONGEST_SHOWN] + '...'}."


def _has_inner(location: Location, faults: Iterable[Any]) -> bool:
    """Whether another fault is about something inside of this place."""
    inner = (fault["loc"] for fault in faults if len(fault["loc"]) > len(location))
    return any(it[: len(location)] == location for it in inner)


def _inside(data: Any, part: str | int) -> Any:
    try:
        return data[part]
    except (KeyError, IndexError, TypeError):
        return None


def _other_key(location: Location) -> str:
    """What an unknown key was probably meant to be."""
    name = str(location[-1])
    if len(location) > 1 and name in _keys(Site):
        return f"{name} stands at the top of the file, before the first table in brackets."
    model = _model_at(location[:-1])
    near = difflib.get_close_matches(name, _keys(model), 1) if model is not None else []
    return f"Is it {near[0]}?" if near else "Look for a slip of the pen, or remove it."


def _keys(model: type[BaseModel]) -> list[str]:
    return [field.alias or name for name, field in model.model_fields.items()]


def _model_at(location: Location) -> type[BaseModel] | None:
    model: type[BaseModel] | None = Site
    for part in location:
        if isinstance(part, int) or model is None:
            continue
        fields = {field.alias or name: field for name, field in model.model_fields.items()}
        model = _model_in(fields[part].annotation) if part in fields else None
    return model


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    found = (_model_in(part) for part in get_args(annotation))
    return next((model for model in found if model is not None), None)
