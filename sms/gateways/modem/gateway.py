"""A modem as a gateway: the event loop's side."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from itertools import count

from pbx.gateways import ModemGateway
from sms.gateway import Callback, Fate, Health, Inbox, NotNow, Outgoing, Refused, Unknown
from sms.gateways.condition import Condition
from sms.gateways.modem.patience import Patience
from sms.gateways.modem.pins import Pins, PinTries
from sms.gateways.modem.slot import Job
from sms.gateways.modem.worker import Worker
from sms.pdu.encode import encode_submit
from sms.piece import Piece
from sms.splitting import segments


class Modem:
    """A GSM modem as gateway.

    Arguments:
        tries: what is remembered of PINs that were tried.
        now: seconds since 1970. chance: from 0 to 1, so that modems do not march in step.
    """

    def __init__(
        self,
        settings: ModemGateway,
        *,
        tries: PinTries,
        now: Callable[[], float],
        chance: Callable[[], float],
        patience: Patience | None = None,
    ) -> None:
        self._settings = settings
        self._now = now
        self._chance = chance
        self._patience = patience or Patience()
        self._pins = Pins(settings.pin_secret(), tries)
        self._condition = Condition(settings.name, now)
        self._worker: Worker | None = None
        self._numbers = count()

    @property
    def name(self) -> str:
        return self._settings.name

    @property
    def window(self) -> int:
        """One: a modem sends one text after the other."""
        return 1

    def pieces(self, body: str, reference: int) -> Sequence[Piece]:
        return segments(body, reference)

    def callbacks(self) -> Sequence[Callback]:
        return ()

    async def run(self, inbox: Inbox) -> None:
        """Own the modem until cancelled; its thread has ended when this returns."""
        worker = Worker(
            self._settings,
            inbox=inbox,
            loop=asyncio.get_running_loop(),
            condition=self._condition,
            pins=self._pins,
            patience=self._patience,
            now=self._now,
            chance=self._chance,
        )
        ended = asyncio.wrap_future(worker.ended)
        worker.start()
        self._worker = worker
        try:
            await asyncio.shield(ended)
        finally:
            self._worker = None
            worker.stop()
            await asyncio.wait([ended], timeout=self._patience.stop)
            if not ended.done():
                worker.cut()
                await asyncio.wait([ended])
            worker.join()
            self._condition.down("ended")

    async def send(self, outgoing: Outgoing) -> Fate:
        """Send one piece. A status report is asked for."""
        worker = self._worker
        reference = next(self._numbers) % 256
        try:
            submit = encode_submit(
                outgoing.number, outgoing.piece, reference=reference, report=True
            )
        except ValueError as why:
            return Refused(str(why))
        job = Job(submit)
        if worker is None or not worker.offer(job):
            return NotNow(self._condition.health().words or "it is busy", gateway_down=True)
        try:
            async with asyncio.timeout(self._patience.send):
                return await asyncio.wrap_future(job.fate)
        except TimeoutError:
            if job.fate.cancelled():
                return NotNow("the modem was busy all the time", gateway_down=True)
            return Unknown("given to the modem, which has not answered")

    def health(self) -> Health:
        """How it is; the facts are signal, operator, network, storage, port and errors."""
        worker = self._worker
        if worker is None:
            return self._condition.health()
        reconnects = max(0, worker.connections - 1)
        facts = {**worker.facts, "errors": worker.errors, "reconnects": reconnects}
        return self._condition.health(**facts)
