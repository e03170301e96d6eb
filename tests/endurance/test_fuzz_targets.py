"""The fuzz targets in short: what the fuzzer kept, and some hundred inputs of hypothesis' own."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from endurance.fuzz.corpus import MOST_BYTES, MOST_FILES, inputs
from endurance.fuzz.registry import ALL
from endurance.fuzz.target import Target

every_target = pytest.mark.parametrize("target", ALL.values(), ids=list(ALL))


@every_target
def test_what_the_fuzzer_kept_holds_no_finding(target: Target, pytestconfig: pytest.Config) -> None:
    for data in inputs(pytestconfig.rootpath / "tests/endurance/corpus" / target.name):
        target.check(data)


@every_target
def test_any_bytes_hold_what_is_promised(target: Target) -> None:
    words = st.sampled_from((*target.words, b" ", b"\n", b"\0", b"\xff"))
    mixed = st.lists(words | st.binary(max_size=12), max_size=20).map(b"".join)

    @settings(
        max_examples=target.examples, deadline=None, suppress_health_check=[HealthCheck.too_slow]
    )
    @given(mixed | st.binary(max_size=target.longest // 4))
    def check(data: bytes) -> None:
        target.check(data[: target.longest])

    check()


def test_the_corpora_stay_small(pytestconfig: pytest.Config) -> None:
    folder = pytestconfig.rootpath / "tests/endurance/corpus"
    assert {it.name for it in folder.iterdir()} <= set(ALL)
    for name in ALL:
        kept = inputs(folder / name)
        assert len(kept) <= MOST_FILES
        assert sum(map(len, kept)) <= MOST_BYTES
