"""The gateways of the site file at work: made, asked how they are, woken, and ended."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping

import structlog

from pbx.gateways import GatewaySettings
from sms.errors import SmsError
from sms.gateway import Callback, Gateway
from sms.splitting import segments
from sms.station import Station

_DOWN_AFTER = 30.0  # seconds that a gateway cannot send until others take its texts
_STOP_WITHIN = 25.0  # seconds


class Stations:
    """All stations, by the gateway's name.

    Arguments:
        make: makes the gateway of a section.
        man: puts a gateway to work.
        cut_off: called with the name of a gateway that was ended while it was sending.
        now: seconds since 1970.
    """

    def __init__(
        self,
        *,
        make: Callable[[GatewaySettings], Gateway],
        man: Callable[[GatewaySettings, Gateway], Station],
        cut_off: Callable[[str], Awaitable[None]],
        now: Callable[[], float],
    ) -> None:
        self.by_name: dict[str, Station] = {}
        self._make = make
        self._man = man
        self._cut_off = cut_off
        self._now = now
        self._log = structlog.get_logger(part="sms")

    async def follow(self, wanted: Mapping[str, GatewaySettings]) -> list[Station]:
        """Have a station for each section; returns the new ones, which are not started yet.

        One whose section is another now, or gone, is ended first.
        """
        await self.end([it for it, old in self.by_name.items() if wanted.get(it) != old.settings])
        new = []
        for name, settings in wanted.items():
            if name not in self.by_name:
                try:
                    station = self._man(settings, self._make(settings))
                except SmsError as error:
                    self._log.error("gateway left out", gateway=name, reason=str(error))
                else:
                    self.by_name[name] = station
                    new.append(station)
        return new

    async def end(self, names: Collection[str]) -> None:
        """End stations, once what is on its way has a fate, or after 25 seconds."""
        stations = [self.by_name[name] for name in names]
        for station in stations:
            station.lane.stop()
        tasks = [station.task for station in stations if station.task is not None]
        if tasks:
            await asyncio.wait(tasks, timeout=_STOP_WITHIN)
        for name, station in zip(names, stations, strict=True):
            del self.by_name[name]
            if station.task is not None and not station.task.done():
                station.task.cancel()
                await asyncio.wait([station.task])
                # Its next lane must not find texts that nobody sends any more.
                await self._cut_off(name)

    def wake(self, name: str) -> None:
        """Say that there may be something for a gateway to send."""
        if name in self.by_name:
            self.by_name[name].lane.wake()

    def wake_all(self) -> None:
        """Say that there may be something to send, by whichever gateway."""
        for station in self.by_name.values():
            station.lane.wake()

    def cannot_send(self, name: str) -> bool:
        """Whether a gateway is not there, or others should take its texts."""
        station = self.by_name.get(name)
        return station is None or station.cannot_send_for(_DOWN_AFTER, self._now())

    def down(self) -> set[str]:
        """The names of those that are there and cannot send."""
        # Asked in the ledger's thread, too.
        return {name for name in list(self.by_name) if self.cannot_send(name)}

    def split(self, settings: GatewaySettings, body: str) -> tuple[int, int]:
        """How a gateway carries a text: pieces, and parts of them all."""
        station = self.by_name.get(settings.name)
        try:
            gateway = self._make(settings) if station is None else station.gateway
            pieces = gateway.pieces(body, 0)
        except SmsError:  # it was left out; the text waits for it to be mended, or moves on
            pieces = segments(body, 0)
        return len(pieces), sum(piece.parts for piece in pieces)

    def callbacks(self, name: str) -> Mapping[str, Callback]:
        """The addresses of ours that a gateway's server calls, by path."""
        station = self.by_name.get(name)
        if station is None:
            return {}
        return {callback.path: callback for callback in station.gateway.callbacks()}
