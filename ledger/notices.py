"""The notices that there are, and what each one tells. Numbers are E.164, times since 1970."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, get_args

Reason = Literal[
    "not-allowed",
    "over-cap-person",
    "over-cap-site",
    "too-long",
    "stop-list",
    "bad-number",
    "country-not-open",
    "no-gateway",
    "no-words",
    "not-a-person",
    "not-proven",
]
"""Why an e-mail did not become a text."""

Field = type[str] | type[int] | str | int
_TEXT: Mapping[str, Field] = {
    "number": str,
    "id": int,
    "body": str,
    "words": str,
    "part": 0,
    "parts": 0,
}
_GATEWAY: Mapping[str, Field] = {"name": str, "words": "", "since": int}
# The first field is what a list of messages shows. A value stands for a field that may be left out.
NOTICES: Mapping[str, Mapping[str, Field]] = {
    "text-not-sent": _TEXT,
    "text-unknown": _TEXT,
    "mail-not-taken": {
        "original_subject": str,
        "reason": str,
        "number": "",
        "parts": 0,
        "limit": 0,
    },
    "attachments-not-sent": {"number": str, "original_subject": str, "attachments": int},
    "gateway-down": _GATEWAY,
    "gateway-up": _GATEWAY,
    "keyword-call-failed": {"name": str, "number": str, "id": int, "words": "", "since": int},
    "broadcast-report": {
        "name": str,
        "id": int,
        "total": int,
        **dict.fromkeys(("delivered", "sent", "failed", "unknown", "stopped", "dropped"), 0),
        "parts": 0,
        "cost": "",
    },
}
"""
- text-not-sent: a text failed for good. id: the text's; words: the gateway's own; part: the one
  that failed, of parts.
- text-unknown: it may have gone out, and a person decides.
- mail-not-taken: an e-mail that should become a text did not. number: as its writer wrote it;
  parts, limit: of the reasons that have them.
- attachments-not-sent: an e-mail became a text, and so many files of it did not.
- gateway-down, gateway-up: since when it is so, and its own words.
- keyword-call-failed: a program was not told of a text. name: the keyword; since: when it came.
- broadcast-report: how many numbers ended in each state of ledger/texts.py. cost: in words.
"""


def whole_fields(about: str, fields: Mapping[str, str | int]) -> dict[str, str | int]:
    """The fields of a notice, those that were left out too.

    Raises:
        ValueError: no such notice, or fields that are missing, unknown or of the wrong type.
    """
    wanted = NOTICES.get(about)
    if wanted is None:
        raise ValueError(f'there is no notice "{about}": write one of {", ".join(NOTICES)}.')
    usual = {name: it for name, it in wanted.items() if not isinstance(it, type)}
    whole: dict[str, str | int] = {**usual, **fields}
    odd = [name for name in {*wanted, *whole} if not _fits(wanted.get(name), whole.get(name))]
    if odd:
        raise ValueError(f'the notice "{about}" has missing or wrong fields: {sorted(odd)}.')
    if whole.get("reason", "no-words") not in get_args(Reason):
        raise ValueError(f'"{whole["reason"]}" is no reason of the notice "{about}".')
    return whole


def _fits(wanted: Field | None, given: str | int | None) -> bool:
    kind = wanted if isinstance(wanted, type) else type(wanted)
    return isinstance(given, kind) and not isinstance(given, bool) and wanted is not None
