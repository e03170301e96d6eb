"""Chooses the gateway of a text: by prefix, health, price, and order in the site file."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from pbx.gateways import GatewaySettings


def choices(number: str, gateways: Sequence[GatewaySettings]) -> list[GatewaySettings]:
    """The gateways that may carry a text to a number (E.164), the best first.

    The cheapest comes first; of the same price the one with the longer prefix, then the first in
    the site file.
    """
    found = [
        (gateway.price, -longest, place, gateway)
        for place, gateway in enumerate(gateways)
        if (longest := _longest(number, gateway.prefixes))
    ]
    return [gateway for *_, gateway in sorted(found, key=lambda it: it[:3])]


def choose(
    number: str,
    gateways: Sequence[GatewaySettings],
    *,
    down: Collection[str] = (),
    not_these: Collection[str] = (),
    wished: str | None = None,
) -> GatewaySettings | None:
    """The best gateway; one that is down only when there is no other. None: none carries it.

    Arguments:
        down: names of gateways that cannot send now.
        not_these: names of gateways that refused this text.
        wished: the one that comes first where it can send, whatever it costs.
    """
    found = [it for it in choices(number, gateways) if it.name not in not_these]
    found.sort(key=lambda it: it.name != wished)
    up = [it for it in found if it.name not in down]
    return next(iter(up or found), None)


def _longest(number: str, prefixes: Sequence[str]) -> int:
    return max((len(prefix) for prefix in prefixes if number.startswith(prefix)), default=0)
