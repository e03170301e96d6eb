"""The gateway to a bearerbox: one link, made again when it ends.

bearerbox keeps what it brings until we answer, and we answer once the ledger has it. smsbox answers
when it begins to call its address, and loses what it holds when it dies.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from uuid import uuid4

import structlog

from ledger.errors import LedgerError
from pbx.gateways import KannelBoxGateway
from sms.errors import CannotConnect
from sms.gateway import Callback, Fate, Health, Inbox, Incoming, NotNow, Outgoing, Refused, Unknown
from sms.gateways.condition import Condition
from sms.gateways.dial import dial
from sms.gateways.kannel_box.errors import NoAck
from sms.gateways.kannel_box.frames import Nack, Sms
from sms.gateways.kannel_box.incoming import read_sms
from sms.gateways.kannel_box.outgoing import fate_of, sms_of
from sms.gateways.kannel_box.session import Patience, Session
from sms.gateways.tries import Bounds, Tries
from sms.piece import Piece
from sms.splitting import segments


@dataclass(frozen=True, slots=True)
class Pauses:
    """The pauses between two tries.

    Arguments:
        lost: after a link that ended, or never came to be.
        stalled: where texts are not answered; each try leaves one that is unknown.
        ledger: seconds until bearerbox hears that the ledger did not take what it brought. It
            brings it again at once.
    """

    lost: Bounds = (1.0, 60.0)
    stalled: Bounds = (60.0, 1800.0)
    ledger: float = 5.0


class KannelBox:
    """One bearerbox, whose box we are.

    Arguments:
        now: seconds since 1970. clock: seconds that only go forward.
        chance: from 0 to 1, so that tries do not march in step.
    """

    def __init__(
        self,
        settings: KannelBoxGateway,
        *,
        now: Callable[[], float],
        clock: Callable[[], float],
        chance: Callable[[], float],
        patience: Patience | None = None,
        pauses: Pauses | None = None,
    ) -> None:
        self._settings = settings
        self._now = now
        self._tries = Tries(clock, chance)
        self._patience = patience or Patience()
        self._pauses = pauses or Pauses()
        self._session: Session | None = None
        self._condition = Condition(settings.name, now)
        self._log = structlog.get_logger(part="sms").bind(gateway=settings.name)

    @property
    def name(self) -> str:
        return self._settings.name

    @property
    def window(self) -> int:
        return self._settings.window

    def pieces(self, body: str, reference: int) -> Sequence[Piece]:
        """The parts as the network carries them: Kannel's own splitting cuts without a word."""
        return segments(body, reference)

    def callbacks(self) -> Sequence[Callback]:
        return ()

    async def send(self, outgoing: Outgoing) -> Fate:
        if not outgoing.piece.text:
            return Refused("the text is empty, and Kannel would send it all the same")
        session = self._session
        if session is None:
            return NotNow("not connected to Kannel", gateway_down=True)
        try:
            nack = await session.ask(sms_of(outgoing, self._settings, str(uuid4())))
        except NoAck as error:
            if error.written:
                return Unknown(f"it was given to Kannel, which did not answer: {error}")
            return NotNow(str(error), gateway_down=True)
        return fate_of(nack)

    def health(self) -> Health:
        session = self._session
        return self._condition.health(under_way=0 if session is None else session.under_way)

    async def run(self, inbox: Inbox) -> None:
        try:
            while True:
                self._tries.begin()
                why, bounds = await self._one_link(inbox)
                pause = self._tries.pause(bounds)
                self._condition.down(why)
                self._log.warning("no link to Kannel", why=why, next_try_s=round(pause, 1))
                await asyncio.sleep(pause)
        finally:
            self._condition.down("stopped")

    async def _one_link(self, inbox: Inbox) -> tuple[str, Bounds]:
        """Connect and serve the link to its end; returns why it ended, and how long to pause."""
        settings = self._settings
        try:
            reader, writer = await dial(settings, self._patience.connect)
        except CannotConnect as error:
            return str(error), self._pauses.lost
        session = Session(
            reader,
            writer,
            self._patience,
            box_id=settings.smsbox_id,
            take=lambda sms: self._store(sms, inbox),
        )
        self._session = session
        self._condition.up(f"a box of {settings.host}:{settings.port}")
        try:
            why = await session.hold()
        finally:
            self._session = None
            session.end("given up")
        return why, self._pauses.stalled if session.stalled else self._pauses.lost

    async def _store(self, sms: Sms, inbox: Inbox) -> Nack:
        brought = read_sms(sms, self._now())
        try:
            match brought:
                case None:
                    self._log.warning("neither text nor report of ours", type=sms.sms_type)
                case Incoming():
                    await inbox.received(brought)
                case _:
                    await inbox.reported(brought)
        except LedgerError as error:
            self._log.error("not stored: Kannel brings it again", reason=str(error))
            await asyncio.sleep(self._pauses.ledger)
            return Nack.FAILED_FOR_NOW
        return Nack.SUCCESS
