"""What the AGI server counts, for the metrics page."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class ScriptStatistics:
    """The fate of one script's runs; time-outs and errors are not in each other."""

    runs: int = 0
    errors: int = 0
    timeouts: int = 0


@dataclass(slots=True)
class Statistics:
    """Counters since the start, and `open`, the connections of this moment."""

    open: int = 0
    sessions: int = 0  # connections whose header was read
    refused_peers: int = 0
    refused_full: int = 0
    bad_headers: int = 0
    unknown_scripts: int = 0
    scripts: dict[str, ScriptStatistics] = field(default_factory=dict)

    def of(self, name: str) -> ScriptStatistics:
        """The counters of one script, made when first asked for."""
        if (counters := self.scripts.get(name)) is None:
            counters = self.scripts[name] = ScriptStatistics()
        return counters
