"""The SMS centre in `voxpost status` and in the metrics."""

from __future__ import annotations

from typing import Any

from cli.sms_metrics import sms_metrics
from cli.sms_status import gateway_lines, text_lines
from ledger.text_book import TextDepth
from ledger.texts import TextState

SNAPSHOT: dict[str, Any] = {
    "gateways": {
        "stick": {
            "kind": "modem",
            "state": "up",
            "words": "",
            "since": 1.0,
            "facts": {"operator": "TELKOMSEL", "signal_dbm": -71, "port": "/dev/ttyUSB0"},
            "today": 12,
            "per_day": 500,
            "sent": 9,
            "failed": 0,
            "unknown": 1,
            "put_off": 2,
            "in_flight": 0,
            "last_error": None,
        },
        "op": {
            "kind": "smpp",
            "state": "down",
            "words": "no connection",
            "since": 1.0,
            "facts": {},
            "today": 0,
            "per_day": 10000,
            "sent": 0,
            "failed": 0,
            "unknown": 0,
            "put_off": 0,
            "in_flight": 0,
            "last_error": "no connection",
        },
    },
    "texts": {"waiting": 3, "unknown": 1},
    "oldest_waiting_seconds": 61,
    "waiting_parts": 2,
    "oldest_part_seconds": 5,
    "today": {"parts": 12, "per_day": 1000, "broadcast_parts": 7, "broadcast_per_day": 20000},
}


def test_each_gateway_has_its_line() -> None:
    stick, other, today = (text for _, text in gateway_lines(SNAPSHOT))
    assert stick == "stick up, TELKOMSEL, signal -71 dBm, 9 sent, 1 unknown, 12 of 500 today"
    assert other.startswith("op NOT up, down for ")
    assert other.endswith(": no connection, 0 of 10000 today")
    assert today == "12 of 1000 parts, broadcasts 7 of 20000"


def test_without_sms_there_is_nothing_to_say() -> None:
    assert gateway_lines(None) == []
    assert gateway_lines({}) == []
    assert text_lines(TextDepth({}, None, 0, None)) == []
    assert list(sms_metrics({})) == []


def test_what_a_person_must_decide_is_said_with_the_command() -> None:
    by_state = {TextState.UNKNOWN: 1, TextState.WAITING: 3, TextState.SENT: 90}
    lines = text_lines(TextDepth(by_state, 1.0, 2, 1.0))
    assert ("texts", "3 waiting, 1 unknown") in lines
    assert ("parts", "2 of long texts wait for others") in lines
    assert "voxpost sms list --state unknown" in dict(lines)["decide"]
    assert text_lines(TextDepth({TextState.SENT: 9}, None, 0, None)) == [("texts", "none waiting")]


def test_metrics_name_each_gateway() -> None:
    samples = {
        (it.name, *it.labels.values()): it.value
        for metric in sms_metrics(SNAPSHOT)
        for it in metric.samples
    }
    assert samples["voxpost_sms_gateway_up", "stick", "modem"] == 1
    assert samples["voxpost_sms_gateway_up", "op", "smpp"] == 0
    assert samples["voxpost_sms_sent_total", "stick"] == 9
    assert samples["voxpost_sms_gateway_fact", "stick", "signal_dbm"] == -71
    assert ("voxpost_sms_gateway_fact", "stick", "operator") not in samples
    assert samples["voxpost_sms_texts", "waiting"] == 3
    assert samples["voxpost_sms_oldest_waiting_seconds",] == 61
    assert samples["voxpost_sms_parts_today",] == 12
