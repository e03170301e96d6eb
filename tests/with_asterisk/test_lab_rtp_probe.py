"""A measured call through a real Asterisk."""

from typing import Any

from lab.ports import PortFinder
from lab.rtp_probe import measure_rtp


async def test_every_packet_of_a_call_comes_back_and_is_timed(
    asterisk: Any, port_finder: PortFinder
) -> None:
    result = await measure_rtp(asterisk.private, port_finder, 0.5)
    assert result.sent == 25
    assert result.lost == 0
    assert len(result.round_trip) == 25
    assert 0 < result.round_trip.median < 1000
    assert len(result.jitter) == 24
    assert "0 active calls" in await asterisk.rx("core show channels count")
