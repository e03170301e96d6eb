"""What `voxpost status` says of the SMS centre."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from cli.tables import span
from ledger.text_book import TextDepth
from ledger.texts import TextState

_TOLD = (TextState.WAITING, TextState.SENDING, TextState.UNKNOWN, TextState.FAILED)
_FACTS = {
    "operator": "{}",
    "network": "network {}",
    "signal_dbm": "signal {} dBm",
    "queued": "{} queued",
}
"""What a person looks for first of what gateways tell."""


def gateway_lines(sms: Mapping[str, Any] | None) -> list[tuple[str, str]]:
    """A line for each gateway, and one for the day; none without the daemon or [sms]."""
    if not sms:
        return []
    lines = [("gateway", _gateway(name, it)) for name, it in sms["gateways"].items()]
    today = sms["today"]
    used = f"{today['parts']} of {today['per_day']} parts"
    if today["broadcast_parts"]:
        used += f", broadcasts {today['broadcast_parts']} of {today['broadcast_per_day']}"
    return [*lines, ("sms today", used)]


def text_lines(depth: TextDepth) -> list[tuple[str, str]]:
    """What waits, and what a person must decide; nothing where there are no texts."""
    if not depth.by_state:
        return []
    counts = [f"{depth.by_state[it]} {it}" for it in _TOLD if depth.by_state.get(it)]
    lines = [("texts", ", ".join(counts) or "none waiting")]
    if depth.oldest_waiting is not None:
        lines.append(("oldest text", f"waiting for {span(time.time() - depth.oldest_waiting)}"))
    if depth.parts:
        lines.append(("parts", f"{depth.parts} of long texts wait for others"))
    if depth.by_state.get(TextState.UNKNOWN):
        what = "`voxpost sms list --state unknown`, then `sms retry ID` or `sms drop ID`"
        lines.append(("decide", what))
    return lines


def _gateway(name: str, gateway: Mapping[str, Any]) -> str:
    known = gateway["facts"]
    facts = [words.format(known[key]) for key, words in _FACTS.items() if known.get(key)]
    counts = [f"{gateway[key]} {key}" for key in ("sent", "failed", "unknown") if gateway[key]]
    if gateway["state"] == "up":
        state = "up"
    else:
        age = span(time.time() - gateway["since"])
        state = f"NOT up, {gateway['state']} for {age}: {gateway['words']}"
    today = f"{gateway['today']} of {gateway['per_day']} today"
    return ", ".join([f"{name} {state}", *facts, *counts, today])
