"""What sipp's files say of many calls."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.errors import LabError
from lab.load_result import Delays, read_load, read_times

STATISTICS = """\
StartTime;TotalCallCreated;SuccessfulCall(P);SuccessfulCall(C);FailedCall(P);FailedCall(C);\
FailedMaxUDPRetrans(C);FailedUnexpectedMessage(C);Retransmissions(C);
2026-11-22\t03:14:25.1\t1795317265.1;99;49;49;0;0;0;0;0;
2026-11-22\t03:14:25.1\t1795317265.1;200;100;194;2;6;0;6;3;
2026-11-22\t03:14:25.1\t17953
"""


def message(seconds: float, call: str, first: str, sent: str = "R", method: str = "INVITE") -> str:
    fields = ("2026-11-22", "03:14:25", f"{seconds}", sent, call, f"CSeq:1 {method}", first)
    return "\t".join(fields)


MESSAGES = [
    message(10.000, "a", "INVITE sip:100@127.0.0.1 SIP/2.0", "S"),
    message(10.001, "a", "SIP/2.0 100 Trying"),
    message(10.002, "b", "INVITE sip:100@127.0.0.1 SIP/2.0", "S"),
    message(10.003, "a", "SIP/2.0 180 Ringing"),
    message(10.005, "a", "SIP/2.0 200 OK"),
    message(10.300, "a", "SIP/2.0 200 OK", method="BYE"),
    message(10.502, "b", "INVITE sip:100@127.0.0.1 SIP/2.0", "S"),
    message(11.005, "b", "SIP/2.0 200 OK"),
    message(11.505, "b", "SIP/2.0 200 OK"),
    "2026-11-22\t03:14",
]


def test_the_last_whole_line_has_the_counts() -> None:
    result = read_load(STATISTICS, MESSAGES)
    assert (result.attempted, result.succeeded, result.failed) == (200, 194, 6)
    assert (result.retransmissions, result.reasons) == (3, {"UnexpectedMessage": 6})


def test_a_calls_delays_count_from_its_first_invite_to_the_first_of_each_response() -> None:
    result = read_load(STATISTICS, MESSAGES)
    assert result.ringing.sorted_ms == pytest.approx((3.0,))
    assert result.answer.sorted_ms == pytest.approx((5.0, 1003.0))
    assert result.per_second == pytest.approx(1.0)


def test_calls_that_were_never_answered_have_no_rate() -> None:
    result = read_load(STATISTICS, [])
    assert (result.per_second, len(result.answer)) == (0.0, 0)


@pytest.mark.parametrize("text", ["", "StartTime;TotalCallCreated;\n", "StartTime;\n2026;\n"])
def test_statistics_without_counts_are_an_error(text: str) -> None:
    with pytest.raises(LabError):
        read_load(text, MESSAGES)


def test_percentiles_are_values_that_were_seen() -> None:
    delays = Delays.of([4.0, 1.0, 3.0, 2.0])
    assert [delays.percentile(share) for share in (0.0, 0.5, 0.75, 0.99, 1.0)] == [1, 2, 3, 4, 4]
    assert delays.median == 2
    assert math.isnan(Delays.of([]).median)


@given(st.lists(st.floats(0, 1e6), min_size=1), st.floats(0, 1))
def test_a_share_of_the_delays_does_not_exceed_its_percentile(
    values: list[float], share: float
) -> None:
    delays = Delays.of(values)
    within = sum(value <= delays.percentile(share) for value in values)
    assert within >= share * len(values) - 1e-6


@given(st.lists(st.text(st.sampled_from("\t 1.2INVTE:SP/0"))))
def test_any_lines_are_read_without_an_error(lines: list[str]) -> None:
    read_times(lines)
