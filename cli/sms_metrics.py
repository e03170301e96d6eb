"""The SMS centre's metrics."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

_OF_GATEWAYS = (
    ("sent", "voxpost_sms_sent", "Pieces that a gateway took."),
    ("failed", "voxpost_sms_failed", "Texts that failed at a gateway."),
    ("unknown", "voxpost_sms_unknown", "Texts that may have been sent."),
    ("put_off", "voxpost_sms_put_off", "Sends to be tried again."),
)


def sms_metrics(sms: Mapping[str, Any]) -> Iterator[Metric]:
    """The metrics of a snapshot (sms/figures.py); none of an empty one."""
    if not sms:
        return
    gateways: Mapping[str, Mapping[str, Any]] = sms["gateways"]
    up = GaugeMetricFamily(
        "voxpost_sms_gateway_up", "Whether a gateway is up.", labels=["gateway", "kind"]
    )
    today = GaugeMetricFamily(
        "voxpost_sms_gateway_today", "Pieces a gateway was given today.", labels=["gateway"]
    )
    facts = GaugeMetricFamily(
        "voxpost_sms_gateway_fact",
        "What a gateway of its kind tells: signal, storage, queue.",
        labels=["gateway", "fact"],
    )
    for name, gateway in gateways.items():
        up.add_metric([name, gateway["kind"]], gateway["state"] == "up")
        today.add_metric([name], gateway["today"])
        for fact, value in gateway["facts"].items():
            if isinstance(value, int | float):
                facts.add_metric([name, fact], value)
    yield from (up, today, facts)
    for key, metric, help_ in _OF_GATEWAYS:
        counter = CounterMetricFamily(metric, help_, labels=["gateway"])
        for name, gateway in gateways.items():
            counter.add_metric([name], gateway[key])
        yield counter
    texts = GaugeMetricFamily("voxpost_sms_texts", "Texts of the ledger.", labels=["state"])
    for state, count in sms["texts"].items():
        texts.add_metric([state], count)
    yield texts
    yield _single(
        "voxpost_sms_oldest_waiting_seconds",
        "Age of the oldest text to be sent.",
        sms["oldest_waiting_seconds"],
    )
    yield _single(
        "voxpost_sms_waiting_parts",
        "Parts of long texts that wait for others.",
        sms["waiting_parts"],
    )
    yield _single("voxpost_sms_parts_today", "Parts of today.", sms["today"]["parts"])
    yield _single(
        "voxpost_sms_broadcast_parts_today",
        "Parts of today's broadcasts.",
        sms["today"]["broadcast_parts"],
    )


def _single(name: str, help_: str, value: float | None) -> Metric:
    return GaugeMetricFamily(name, help_, value=float(value or 0))
