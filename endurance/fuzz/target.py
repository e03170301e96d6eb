"""What a fuzz target is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Target:
    """A parser or a filter, and the check of what it promises.

    Arguments:
        check: takes any bytes; raises AssertionError where a promise does not hold, and lets
            every error through that is not of the folder's own family.
        longest: bytes worth trying.
        words: what the language is made of, for the fuzzer's dictionary.
        examples: how many hypothesis tries in CI; fewer for a slow one.
    """

    name: str
    check: Callable[[bytes], None]
    longest: int = 1024
    words: tuple[bytes, ...] = ()
    examples: int = 300
