"""How the SMS centre stands, as data for /status and the metrics."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from ledger.broadcast_steps import BroadcastSteps
from ledger.outgoing_texts import OutgoingTexts
from ledger.store import Ledger
from ledger.text_book import TextBook
from pbx.sms import Sms
from sms.station import Station


async def figures(
    stations: Mapping[str, Station],
    *,
    sms: Sms,
    ledger: Ledger,
    since: float,
    now: float,
) -> dict[str, Any]:
    """All figures.

    Arguments:
        since: when the site's day began, and now: seconds since 1970.
    """
    depth = await TextBook(ledger).depth(now)
    usage = await OutgoingTexts(ledger).usage(since, "", "")
    broadcast_parts = await BroadcastSteps(ledger).released_since(since)
    return {
        "gateways": {name: _gateway(station) for name, station in stations.items()},
        "texts": {str(state): count for state, count in depth.by_state.items()},
        "oldest_waiting_seconds": _age(depth.oldest_waiting, now),
        "waiting_parts": depth.parts,
        "oldest_part_seconds": _age(depth.oldest_part, now),
        "today": {
            "parts": usage.site,
            "per_day": sms.per_day,
            "broadcast_parts": broadcast_parts,
            "broadcast_per_day": sms.broadcast_per_day,
        },
    }


def _gateway(station: Station) -> dict[str, Any]:
    health = station.gateway.health()
    return {
        "kind": station.settings.kind,
        "state": str(health.state),
        "words": health.words,
        "since": health.since,
        "facts": dict(health.facts),
        "today": station.allowance.used,
        "per_day": station.settings.per_day,
        **asdict(station.lane.statistics),
    }


def _age(moment: float | None, now: float) -> float | None:
    return None if moment is None else round(now - moment)
