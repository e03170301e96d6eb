"""`make bench`: every row of the table, each against its named peer in the same run."""

from __future__ import annotations

import argparse
import asyncio
import os
import shutil
import tempfile
import traceback
from collections.abc import Sequence
from pathlib import Path

import structlog
from rich.console import Console
from rich.markup import escape

from bench.machine import machine
from bench.place import Place
from bench.report import (
    Measured,
    as_data,
    merged,
    on_screen,
    page,
    read_results,
    write_results,
)
from bench.result import Result
from bench.table import ROWS, Row
from lab.packages import PackageTree
from lab.places import lab_home
from lab.ports import free_ports
from lab.trees import asterisk22

_ROOT = Path(__file__).parents[1]
RESULTS = _ROOT / "bench/results.json"
PAGE = _ROOT / "docs/performance.md"


def main(arguments: Sequence[str]) -> int:
    """Measure; the exit code is 1 when a target was missed or a row could not be measured."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("rows", nargs="*", metavar="ROW", help="all if none is named")
    parser.add_argument("--share", type=float, default=1.0, help="0.1: shorter, nothing written")
    wish = parser.parse_args(arguments)
    known = [row.name for row in ROWS]
    if unknown := sorted(set(wish.rows) - set(known)):
        parser.error(f"no row {', '.join(unknown)}; there are {', '.join(known)}")
    rows = [row for row in ROWS if not wish.rows or row.name in wish.rows]
    structlog.configure(processors=[_drop])  # the lab's; the table tells it
    return asyncio.run(_run(rows, wish.share, Console(highlight=False)))


async def _run(rows: Sequence[Row], share: float, console: Console) -> int:
    tree = asterisk22(lab_home(os.environ, _ROOT))
    await asyncio.to_thread(tree.ensure, console.print)
    measured, failed = await measure_all(rows, tree, share, console)
    console.print(on_screen(measured))
    if share == 1.0:
        known = [row.name for row in ROWS]
        results = merged(read_results(RESULTS), as_data(measured), known)
        write_results(RESULTS, results)
        PAGE.write_text(page(results, ROWS, await machine(tree)))
        console.print(f"Written: {RESULTS.relative_to(_ROOT)}, {PAGE.relative_to(_ROOT)}.")
    missed = [it.name for results in measured.values() for it in results if not it.reached]
    for name in missed:
        console.print(f"[red]missed:[/] {escape(name)}")
    for name in failed:
        console.print(f"[red]not measured:[/] {escape(name)}")
    return 1 if missed or failed else 0


async def measure_all(
    rows: Sequence[Row], tree: PackageTree, share: float, console: Console
) -> tuple[Measured, list[str]]:
    """Each row in a folder of its own; one that fails does not keep the others from it."""
    ports = free_ports(os.environ)
    base = Path(tempfile.mkdtemp(prefix="voxbench"))
    base.chmod(0o755)  # the mail server's programs work as other users
    measured: dict[str, list[Result]] = {}
    failed: list[str] = []
    try:
        for number, row in enumerate(rows):
            console.print(f"[bold]{escape(row.name)}[/]")
            folder = base / str(number)
            folder.mkdir()

            def say(line: str) -> None:
                console.print(f"  {escape(line)}", soft_wrap=True)

            try:
                measured[row.name] = await row.measure(Place(folder, ports, tree, say, share))
            except Exception:
                failed.append(row.name)
                console.print(escape(traceback.format_exc()))
            shutil.rmtree(folder, ignore_errors=True)
    finally:
        shutil.rmtree(base, ignore_errors=True)
    return measured, failed


def _drop(*_: object) -> dict[str, object]:
    raise structlog.DropEvent
