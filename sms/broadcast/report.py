"""What became of a broadcast: figures, a CSV file, and the e-mail with both."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from datetime import datetime
from typing import TextIO
from zoneinfo import ZoneInfo

from ledger.broadcast_rows import Broadcast, NumberFate, Tally
from ledger.entries import NewEntry
from ledger.facts import NoticeFacts
from ledger.texts import TextState
from mail.identity import message_id
from pbx.model import Site

COLUMNS = ("number", "state", "parts", "price", "gateway", "at", "words")
_TOLD = (
    TextState.DELIVERED,
    TextState.SENT,
    TextState.FAILED,
    TextState.UNKNOWN,
    TextState.STOPPED,
    TextState.DROPPED,
)
# Where a cell may begin, whatever a spreadsheet takes for the mark between two.
_FORMULA = re.compile(r"""(^|[;,|\t])([\s"']*)(?=[=+@-])""")


class ReportFile:
    """Writes the list as CSV, a number a line.

    Arguments:
        zone: of its times.
    """

    def __init__(self, file: TextIO, zone: ZoneInfo) -> None:
        self._table = csv.writer(file)
        self._zone = zone
        self._table.writerow(COLUMNS)

    def take(self, fate: NumberFate) -> None:
        at = fate.settled and datetime.fromtimestamp(fate.settled, self._zone)
        self._table.writerow(
            (
                fate.number,
                fate.state,
                fate.parts,
                f"{fate.price:g}",
                fate.gateway,
                at.isoformat(" ", "seconds") if at else "",
                _harmless(fate.words or ""),
            )
        )


def report_entry(site: Site, broadcast: Broadcast, tally: Tally, table: str | None) -> NewEntry:
    """The report as an e-mail to the broadcast's author. table: the CSV file, if it goes along."""
    facts = NoticeFacts(
        about="broadcast-report",
        fields={
            "name": broadcast.name,
            "id": broadcast.id,
            "total": tally.total,
            **{state.value: tally.states.get(state, 0) for state in _TOLD},
            "parts": tally.parts,
            "cost": in_money(tally.price),
        },
        attachment=None if table is None else (f"{broadcast.name}.csv", table),
    )
    source = f"broadcast-report:{broadcast.id}:{int(broadcast.ended or 0)}"
    identity = message_id(source, site.site.domain)
    return NewEntry(source, "", broadcast.author, identity, facts)


def table_of(site: Site) -> tuple[io.StringIO, Callable[[NumberFate], None]]:
    """An empty file in memory, and what to give each number's fate to."""
    file = io.StringIO(newline="")
    return file, ReportFile(file, ZoneInfo(site.site.timezone)).take


def in_money(amount: float) -> str:
    """A sum in the site's currency, as gateways have their price."""
    return f"{amount:,.2f}".removesuffix(".00")


def _harmless(words: str) -> str:
    """Words of strangers that no spreadsheet takes for a formula."""
    line = " ".join(words.split())
    return _FORMULA.sub(r"\1\2'", line)
