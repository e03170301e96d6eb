"""A gateway at work: what brings texts in, and the lane that sends."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import structlog

from ledger.outgoing_texts import OutgoingTexts
from ledger.text_standing import Tell
from mail.retry import RetryPolicy
from pbx.gateways import GatewaySettings
from sms.fates import Elsewhere
from sms.gateway import Gateway, GatewayState, Inbox
from sms.pace import Pace
from sms.sending import SendingLane

_AGAIN = 30.0  # seconds until a gateway is begun with again after a fault of the program
_TRY_FOR = 86400.0  # seconds that a text is tried


def is_over(since: float, seconds: float, now: float) -> bool:
    """Whether so long has passed; after a clock was set back nobody knows, and it has."""
    return now - since >= seconds or now < since


class Allowance:
    """How many pieces may still go today.

    What is begun with is counted here, and all of it by the ledger from time to time.
    """

    def __init__(self, per_day: int) -> None:
        self._per_day = per_day
        self._known = 0
        self._begun = 0

    @property
    def left(self) -> int:
        return max(0, self._per_day - self.used)

    @property
    def used(self) -> int:
        """How many have gone today."""
        return self._known + self._begun

    def begin(self, count: int) -> None:
        self._begun += count

    def counted(self, known: int) -> None:
        """What the ledger knows of today."""
        self._known, self._begun = known, 0


class Station:
    """One gateway of the site file at work. Its arguments are those of its lane."""

    def __init__(
        self,
        settings: GatewaySettings,
        gateway: Gateway,
        *,
        inbox: Inbox,
        texts: OutgoingTexts,
        owner: str,
        elsewhere: Elsewhere,
        moved: Callable[[str], None],
        tell: Tell,
        now: Callable[[], float],
        clock: Callable[[], float],
        chance: Callable[[], float],
    ) -> None:
        self.settings = settings
        self.gateway = gateway
        self.allowance = Allowance(settings.per_day)
        self.task: asyncio.Task[None] | None = None
        self._inbox = inbox
        self.lane = SendingLane(
            gateway,
            texts=texts,
            owner=owner,
            pace=Pace(settings.per_minute, clock),
            allowance=self.allowance,
            retry=RetryPolicy(_TRY_FOR),
            elsewhere=elsewhere,
            moved=moved,
            tell=tell,
            now=now,
            chance=chance,
        )
        self._log = structlog.get_logger(part="sms").bind(gateway=settings.name)

    def start(self, group: asyncio.TaskGroup) -> None:
        """Begin to work, as a task of the group."""
        self.task = group.create_task(self._run())

    def cannot_send_for(self, seconds: float, now: float) -> bool:
        """Whether it has not been able to send for so long, or may send no more today."""
        health = self.gateway.health()
        down = health.state is not GatewayState.UP and is_over(health.since, seconds, now)
        return down or self.allowance.left <= 0

    async def _run(self) -> None:
        receiving = asyncio.create_task(self._receive())
        try:
            await self.lane.run()
        finally:
            receiving.cancel()
            await asyncio.wait([receiving])

    async def _receive(self) -> None:
        """Keep the gateway connected. A fault in one must not end the others."""
        while True:
            try:
                await self.gateway.run(self._inbox)
            except Exception as error:
                self._log.exception("gateway ended by a fault", reason=repr(error))
            await asyncio.sleep(_AGAIN)
