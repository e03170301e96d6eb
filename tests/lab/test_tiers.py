"""What happens to the tests of a tier that this machine cannot have."""

from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest

from lab.errors import Unavailable

Tier = Callable[[str], AbstractContextManager[None]]


def test_a_tier_that_cannot_be_had_is_skipped_with_its_reason(
    tier: Tier, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match=r"no trial tests .*: not root"), tier("trial"):
        raise Unavailable("not root")


def test_where_ci_is_set_nothing_is_skipped(tier: Tier, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "1")
    with pytest.raises(pytest.fail.Exception, match="not root"), tier("trial"):
        raise Unavailable("not root")


def test_other_errors_are_errors_everywhere(tier: Tier) -> None:
    with pytest.raises(ZeroDivisionError), tier("trial"):
        raise ZeroDivisionError
