"""What a run leaves behind: a table on the screen, results as data, and a page for people."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

from rich.table import Table

from bench.result import Result
from bench.table import Row

Measured: TypeAlias = Mapping[str, Sequence[Result]]
"""Results by the name of their row."""

Data: TypeAlias = dict[str, Any]

_COLUMNS = ("name", "ours", "peer", "ratio", "target", "reached")


def on_screen(measured: Measured) -> Table:
    """The table that a run prints."""
    table = Table(*_COLUMNS)
    for data in as_data(measured):
        style = None if data["reached"] else "bold red"
        table.add_row(*_cells(data), style=style)
    return table


def as_data(measured: Measured) -> list[Data]:
    """Every result with its row, as bench/results.json has it."""
    return [
        {"row": row, **result.as_data()} for row, results in measured.items() for result in results
    ]


def merged(old: Sequence[Data], new: Sequence[Data], rows: Sequence[str]) -> list[Data]:
    """New results in place of the old ones of the same rows, in the order of the table.

    A row that the table has no more is left out.
    """
    again = {data["row"] for data in new}
    both = [*new, *(data for data in old if data["row"] not in again and data["row"] in rows)]
    return sorted(both, key=lambda data: rows.index(data["row"]))


def read_results(file: Path) -> list[Data]:
    """What an earlier run wrote; nothing if there was none."""
    if not file.exists():
        return []
    results: list[Data] = json.loads(file.read_text())
    return results


def write_results(file: Path, results: Sequence[Data]) -> None:
    """Write bench/results.json."""
    file.write_text(json.dumps(results, indent=2, ensure_ascii=False) + "\n")


def page(results: Sequence[Data], rows: Sequence[Row], machine: Mapping[str, str]) -> str:
    """docs/performance.md."""
    lines = [
        "# Performance",
        "",
        "Written by `make bench`. Each row is measured against its peer in the same run, on one",
        "machine: the load, voxpost, Asterisk and the mail server share its cores. Nothing is",
        "switched off in the product for it.",
        "",
        "| " + " | ".join(_COLUMNS) + " |",
        "|---" * len(_COLUMNS) + "|",
        *("| " + " | ".join(_cells(data)) + " |" for data in results),
        "",
        "A target with `≥` is the least ratio of ours to the peer's; with `≤` the most that ours",
        "may be.",
        "",
        "## The machine",
        "",
        "| part | what |",
        "|---|---|",
        *(f"| {part} | {what} |" for part, what in machine.items()),
        "",
        "## How each is measured",
        "",
    ]
    shown = {data["row"] for data in results}
    for row in rows:
        if row.name in shown:
            lines += [f"**{row.name}.** {row.how}", ""]
    return "\n".join(lines[:-1]) + "\n"


def _cells(data: Data) -> tuple[str, ...]:
    unit = data["unit"]
    has_peer = data["peer"] is not None
    return (
        f"{data['name']}, against {data['against']}" if data["against"] else str(data["name"]),
        f"{_number(data['ours'])} {unit}",
        f"{_number(data['peer'])} {unit}" if has_peer else "",
        f"{data['ratio']:.2f}" if has_peer else "",
        f"≥ {data['target']:g}" if has_peer else f"≤ {data['target']:g} {unit}",
        "yes" if data["reached"] else "no",
    )


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
