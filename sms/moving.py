"""Gives texts that a gateway cannot send to another one that can."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ledger.text_standing import Tell
from ledger.text_steps import Carriage
from ledger.texts import Text
from ledger.waiting_texts import WaitingTexts
from pbx.gateways import GatewaySettings
from pbx.model import Site
from sms.choosing import choices, choose
from sms.stations import Stations

_AT_ONCE = 200  # texts


class Moving:
    """Finds other gateways, and moves what waits to them.

    Arguments:
        site: called for the site file as it is now.
        carriage: how a gateway carries a text.
        tell: what to mail when no gateway takes a text any more.
        now: seconds since 1970.
    """

    def __init__(
        self,
        *,
        site: Callable[[], Site],
        waiting: WaitingTexts,
        stations: Stations,
        carriage: Callable[[GatewaySettings, str], Carriage],
        tell: Tell,
        now: Callable[[], float],
    ) -> None:
        self._site = site
        self._waiting = waiting
        self._stations = stations
        self._carriage = carriage
        self._tell = tell
        self._now = now
        self._looked_at: dict[str, int] = {}  # the last text, by the gateway that it waits for

    def elsewhere(self, text: Text, *, refused: bool) -> Carriage | None:
        """Another gateway for a text, the Elsewhere of sms/fates.py."""
        sms = self._site().sms
        if sms is None:
            return None
        found = choices(text.number, sms.gateways)
        names = [it.name for it in found]
        if refused and text.attempts and text.gateway in names:
            # Only those behind it: the ones before refused the text already.
            found = found[names.index(text.gateway) + 1 :]
        down = {name for name in names if self._stations.cannot_send(name)}
        other = choose(text.number, found, down=down, not_these={text.gateway})
        if other is None or (other.name in down and not refused):
            return None
        return self._carriage(other, text.body)

    async def move_on(self) -> None:
        """Move what waits for gateways that cannot send; give up what none takes.

        Raises:
            LedgerError: the ledger did not take it; the next call does the rest.
        """
        sms = self._site().sms
        if sms is None:
            return
        known = {it.name for it in sms.gateways}
        for name in await self._waiting.by_gateway():
            if name not in known:
                await self._leave(name)
            elif self._stations.cannot_send(name):
                # In turn: behind many that must wait there may be one that need not.
                some = await self._waiting.at(name, _AT_ONCE, behind=self._looked_at.get(name, 0))
                self._looked_at[name] = some[-1].id if len(some) == _AT_ONCE else 0
                await self._move(some, refused=False)

    async def _leave(self, gateway: str) -> None:
        """Move what waits for a gateway that there is no more; give up what no other takes."""
        some = await self._waiting.at(gateway, _AT_ONCE)
        # One that is down will be up some time; one that is gone will not.
        lost = await self._move(some, refused=True)
        if not some:  # another one cannot go on with what this one began
            begun = await self._waiting.at(gateway, _AT_ONCE, begun=True)
            lost = [text.id for text in begun]
        words = f"the site file has no gateway {gateway} any more, and no other takes it"
        await self._waiting.give_up(lost, words, self._now(), self._tell)

    async def _move(self, some: Sequence[Text], *, refused: bool) -> list[int]:
        """Give texts to other gateways; returns the numbers of those that no other one takes."""
        found = {text.id: self.elsewhere(text, refused=refused) for text in some}
        moves = [(text_id, other) for text_id, other in found.items() if other is not None]
        await self._waiting.reassign(moves, self._now())
        for gateway in {other.gateway for _, other in moves}:
            self._stations.wake(gateway)
        return [text_id for text_id, other in found.items() if other is None]
