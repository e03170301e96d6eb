"""The demo's progress: one line a station, and for a failure where its log is."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from rich.console import Console
from rich.markup import escape
from rich.status import Status


class StationFailed(Exception):
    """A station of the demo failed."""

    def __init__(self, name: str, log: Path | None, error: Exception) -> None:
        where = "" if log is None else f"\nIts log: {log}"
        super().__init__(f"{name} failed: {error}{where}")


class Station:
    """One station while it works."""

    def __init__(self, name: str, console: Console, status: Status) -> None:
        self._name = name
        self._console = console
        self._status = status
        self.result = ""

    def doing(self, what: str) -> None:
        """Say what it does now; seen while it does it."""
        self._status.update(f"{self._name}: {escape(what)}")
        if not self._console.is_terminal:
            self._console.print(f"  {self._name}: {escape(what)}")

    def done(self, what: str) -> None:
        """Say what came out; stands behind the tick."""
        self.result = what


class Stations:
    """Prints stations as they pass."""

    def __init__(self) -> None:
        self.console = Console(highlight=False)

    @contextmanager
    def station(self, name: str, log: Path | None = None) -> Iterator[Station]:
        """One station: a tick with its time, or a cross and StationFailed."""
        begun = time.monotonic()
        with self.console.status(name) as status:
            station = Station(name, self.console, status)
            try:
                yield station
            except (StationFailed, click.exceptions.Exit):
                raise
            except Exception as error:
                self.console.print(f"[red]✗[/] {escape(name)}")
                raise StationFailed(name, log, error) from error
        seconds = time.monotonic() - begun
        result = escape(station.result)
        line = f"[green]✓[/] {escape(name):16} {result}  [dim]({seconds:.1f} s)[/]"
        self.console.print(line, soft_wrap=True)

    def show(self, text: str) -> None:
        """Print text as it is, a little indented."""
        for line in text.splitlines() or [""]:
            self.console.print(f"  {escape(line)}".rstrip(), soft_wrap=True)

    def heading(self, text: str) -> None:
        self.console.print(f"\n[bold]{escape(text)}[/]")
