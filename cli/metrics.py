"""The daemon's state in Prometheus' text format."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from cli.sms_metrics import sms_metrics


def render_metrics(snapshot: Mapping[str, Any]) -> bytes:
    """Write a snapshot (Daemon.snapshot) as metrics."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Collector(snapshot))
    return generate_latest(registry)


class _Collector:
    def __init__(self, snapshot: Mapping[str, Any]) -> None:
        self._snapshot = snapshot

    def collect(self) -> Iterator[Metric]:
        snapshot = self._snapshot
        yield _gauge("ami_connected", "Whether the manager connection stands.", snapshot["ami_up"])
        yield _counter("ami_events", "Manager events read.", snapshot["ami"].get("events_seen", 0))
        dropped = snapshot["ami"].get("events_dropped", 0)
        yield _counter("ami_events_dropped", "Manager events dropped unread.", dropped)
        depth = GaugeMetricFamily("voxpost_outbox", "Entries of the outbox.", labels=["state"])
        for state, count in snapshot["outbox"]["by_state"].items():
            depth.add_metric([state], count)
        yield depth
        age = snapshot["outbox"]["oldest_waiting_seconds"] or 0
        yield _gauge("outbox_oldest_seconds", "Age of the oldest waiting message.", age)
        delivery = snapshot["delivery"]
        yield _counter("delivered", "Messages delivered.", delivery["delivered"])
        yield _counter("delivery_retries", "Deliveries to be tried again.", delivery["tried_again"])
        yield _counter("delivery_failures", "Messages set aside.", delivery["failed"])
        seconds = delivery["seconds"]
        yield _counter("delivery_seconds", "From hand-over to delivery, summed.", seconds)
        if bounces := snapshot.get("bounces"):
            seen = bounces["connected"]
            yield _gauge("bounces_connected", "Whether bounces are seen.", seen)
            yield _counter("bounced", "Messages that came back.", bounces["bounced"])
        if in_step := snapshot.get("in_step"):
            yield _gauge("in_step_people", "People who asked for read is heard.", in_step["people"])
            yield _gauge("in_step_open", "Pairs that are kept in step.", in_step["open"])
            carried = CounterMetricFamily(
                "voxpost_in_step_actions", "What was carried over.", labels=["action"]
            )
            for action, count in in_step["actions"].items():
                carried.add_metric([action], count)
            yield carried
            conflicts = in_step["conflicts"]
            yield _counter("in_step_conflicts", "Pairs left as they were.", conflicts)
        yield from sms_metrics(snapshot.get("sms") or {})
        runs = CounterMetricFamily("voxpost_agi_runs", "AGI scripts run.", labels=["script"])
        errors = CounterMetricFamily("voxpost_agi_errors", "AGI scripts failed.", labels=["script"])
        for name, script in snapshot["agi"]["scripts"].items():
            runs.add_metric([name], script["runs"])
            errors.add_metric([name], script["errors"] + script["timeouts"])
        yield runs
        yield errors
        yield _gauge("agi_open", "AGI connections open.", snapshot["agi"]["open"])


def _gauge(name: str, help_: str, value: float) -> Metric:
    return GaugeMetricFamily(f"voxpost_{name}", help_, value=float(value))


def _counter(name: str, help_: str, value: float) -> Metric:
    return CounterMetricFamily(f"voxpost_{name}", help_, value=float(value))
