"""A broadcast in words and as data."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from ledger.broadcast_rows import Broadcast, Tally
from ledger.texts import TextState
from pbx.model import Site


def as_data(broadcast: Broadcast, tally: Tally) -> dict[str, Any]:
    return {
        **asdict(broadcast),
        "state": str(broadcast.state),
        "texts": {str(state): count for state, count in tally.states.items()},
        "total": tally.total,
        "still_to_send": tally.unsettled,
        "parts": tally.parts,
        "cost": tally.price,
    }


def figures(tally: Tally) -> str:
    """ "3 texts: 2 delivered, 1 failed"."""
    counts = [f"{tally.states[state]} {state}" for state in TextState if state in tally.states]
    return f"{tally.total} texts: {', '.join(counts) or 'none'}"


def when(site: Site, seconds: float | None) -> str:
    """Seconds since 1970 in the site's zone."""
    if seconds is None:
        return "-"
    local = datetime.fromtimestamp(seconds, ZoneInfo(site.site.timezone))
    return local.strftime("%Y-%m-%d %H:%M")
