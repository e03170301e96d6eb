"""Many calls at a rate, into a real Asterisk."""

from typing import Any

from lab.call_load import CallLoad
from lab.packages import PackageTree
from lab.ports import PortFinder
from lab.speech import from_prompt


async def test_calls_at_a_rate_are_counted_and_their_answers_timed(
    asterisk: Any, asterisk22_tree: PackageTree, port_finder: PortFinder
) -> None:
    load = CallLoad(asterisk22_tree, port_finder)
    result = await load.run("100", asterisk.sip_port, rate=20, seconds=1)
    assert (result.attempted, result.succeeded, result.failed) == (20, 20, 0)
    assert len(result.answer) == 20
    assert 0 < result.answer.median <= result.answer.percentile(0.99)
    assert len(result.ringing) == 0
    assert 10 < result.per_second < 30


async def test_calls_carry_sound_until_the_caller_hangs_up(
    asterisk: Any, asterisk22_tree: PackageTree, port_finder: PortFinder
) -> None:
    load = CallLoad(asterisk22_tree, port_finder)
    speech = from_prompt(asterisk.sounds_dir, 1)
    result = await load.run("103", asterisk.sip_port, rate=4, seconds=1, hold=1, speech=speech)
    assert (result.succeeded, result.failed) == (4, 0)


async def test_calls_that_fail_are_counted_with_their_cause(
    asterisk: Any, asterisk22_tree: PackageTree, port_finder: PortFinder
) -> None:
    load = CallLoad(asterisk22_tree, port_finder)
    result = await load.run("999", asterisk.sip_port, rate=5, seconds=1)
    assert (result.attempted, result.succeeded, result.failed) == (5, 0, 5)
    assert sum(result.reasons.values()) == 5
