"""Joins the parts of a long text that have come."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import groupby

GAP = "[…]"
"""Stands for parts that are missing, one mark for those next to one another."""


def join(bodies: Mapping[int, str | None], total: int) -> str:
    """The text of the parts that there are.

    Arguments:
        bodies: by the part's number, from 1; None for a part that could not be read. Numbers
            beyond `total` are left out.
        total: how many parts the text has.
    """
    known = [bodies.get(number) for number in range(1, total + 1)]
    runs = groupby(known, key=lambda body: body is None)
    return "".join(GAP if missing else "".join(filter(None, run)) for missing, run in runs)
