"""Tells the administrator of gateways that stay down, and when they are up again."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ledger.outbox import Outbox
from pbx.model import Site
from sms.gateway import GatewayState, Health
from sms.notices import gateway_down, gateway_up
from sms.station import is_over

_AFTER = 300.0  # seconds that a gateway is down until the administrator is told


class Alarms:
    """Remembers what was told of.

    wake_mail: called when there is a new e-mail to deliver.
    """

    def __init__(self, outbox: Outbox, wake_mail: Callable[[], None]) -> None:
        self._outbox = outbox
        self._wake_mail = wake_mail
        self._told: frozenset[str] = frozenset()

    async def look(self, site: Site, healths: Mapping[str, Health], now: float) -> None:
        """Tell of what has changed for good. now: seconds since 1970.

        Raises:
            LedgerError: it was not recorded; the next look tells of it.
        """
        told = set(self._told)
        mails = []
        for name, health in healths.items():
            if health.state is GatewayState.UP:
                if name in told:
                    told.discard(name)
                    mails.append(gateway_up(site, name, health.words, health.since))
            elif name not in told and is_over(health.since, _AFTER, now):
                told.add(name)
                mails.append(gateway_down(site, name, health.words, health.since))
        if mails:
            await self._outbox.add(mails, now)
            self._wake_mail()
        self._told = frozenset(told)
