"""The gateway to an operator's SMSC by SMPP 3.4, bound as a transceiver."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import structlog

from pbx.gateways import SmppGateway
from pbx.secret import SecretUnusable
from sms.errors import CannotConnect, GatewayUnusable
from sms.gateway import Callback, Fate, GatewayState, Health, Inbox, Outgoing
from sms.gateways.condition import Condition
from sms.gateways.dial import dial
from sms.gateways.smpp.addresses import source
from sms.gateways.smpp.errors import AccountRefused, NoAnswer, NotBound
from sms.gateways.smpp.outgoing import pieces_of
from sms.gateways.smpp.pdu import Command, bind, first_string
from sms.gateways.smpp.references import References
from sms.gateways.smpp.session import Patience, Session, answers
from sms.gateways.smpp.status import OK, is_account_refused, words_of
from sms.gateways.smpp.storing import Storing
from sms.gateways.smpp.submitting import Submitting
from sms.gateways.tries import Bounds, Tries
from sms.piece import Piece


@dataclass(frozen=True, slots=True)
class Pauses:
    """The pauses between two tries.

    Arguments:
        lost: after a link that ended, or never came to be.
        refused: where the SMSC refuses the account; an operator blocks who tries that too often.
        stalled: where it is there and answers no text; each try leaves one that is unknown.
    """

    lost: Bounds = (1.0, 60.0)
    refused: Bounds = (120.0, 1800.0)
    stalled: Bounds = (60.0, 1800.0)


class Smpp:
    """One account at one SMSC.

    Arguments:
        now: seconds since 1970. clock: seconds that only go forward.
        chance: from 0 to 1, so that tries do not march in step.

    Raises:
        GatewayUnusable: the site file's `number` cannot be a sender.
    """

    def __init__(
        self,
        settings: SmppGateway,
        *,
        now: Callable[[], float],
        clock: Callable[[], float],
        chance: Callable[[], float],
        patience: Patience | None = None,
        pauses: Pauses | None = None,
    ) -> None:
        try:
            source(settings.number)
        except ValueError as error:
            raise GatewayUnusable(f"sms.gateways.{settings.name}.number: {error}") from error
        self._settings = settings
        self._patience = patience or Patience(silence=settings.enquire_link)
        self._pauses = pauses or Pauses()
        self._tries = Tries(clock, chance)
        self._session: Session | None = None
        self._smsc = ""
        self._last_error = ""
        references = References()
        self._storing = Storing(settings.name, settings.default_alphabet, references, now)
        self._submitting = Submitting(
            settings,
            references,
            session=lambda: self._session,
            stalled=self._pauses.stalled,
            failed=self._failed,
            clock=clock,
        )
        self._condition = Condition(settings.name, now)
        self._log = structlog.get_logger(part="smpp", gateway=settings.name)

    @property
    def name(self) -> str:
        return self._settings.name

    @property
    def window(self) -> int:
        return self._settings.window

    def pieces(self, body: str, reference: int) -> Sequence[Piece]:
        return pieces_of(body, reference, self._settings.default_alphabet)

    def callbacks(self) -> Sequence[Callback]:
        return ()

    async def send(self, outgoing: Outgoing) -> Fate:
        return await self._submitting.send(outgoing)

    def health(self) -> Health:
        health = self._condition.health(
            bound_as="" if self._session is None else "transceiver",
            smsc=self._smsc,
            window=self.window,
            under_way=self._submitting.under_way,
            last_error=self._last_error,
        )
        if health.state is GatewayState.UP and self._submitting.stands_still:
            return replace(health, state=GatewayState.DOWN, words="it answers no text")
        return health

    async def run(self, inbox: Inbox) -> None:
        try:
            while True:
                self._tries.begin()
                bounds = self._pauses.lost
                try:
                    self._last_error = await self._one_link(inbox)
                except NotBound as error:
                    self._last_error = str(error)
                    if isinstance(error, AccountRefused):
                        bounds = self._pauses.refused
                pause = self._tries.pause(bounds)
                self._condition.down(self._last_error)
                self._log.warning("smpp.down", why=self._last_error, next_try_s=round(pause, 1))
                await asyncio.sleep(pause)
        finally:
            self._condition.down("stopped")

    def _failed(self, words: str) -> None:
        self._last_error = words

    async def _one_link(self, inbox: Inbox) -> str:
        """Connect, bind, and serve the link to its end; returns why it ended. Raises NotBound."""
        request = await self._bind_request()
        try:
            reader, writer = await dial(self._settings, self._patience.connect)
        except CannotConnect as error:
            raise NotBound(str(error)) from error
        session = Session(
            reader,
            writer,
            self._patience,
            deliver=lambda pdu: self._storing.store(pdu, inbox, lambda: session.last_sequence),
            confirmed=self._storing.brought.confirmed,
        )
        try:
            async with asyncio.TaskGroup() as group:
                holding = group.create_task(session.hold())
                trouble = await self._serve(session, request, holding)
            if trouble is not None:
                raise trouble
            return holding.result()
        finally:
            self._session = None
            session.end("given up")
            self._storing.brought.link_ended()

    async def _serve(
        self, session: Session, request: bytes, holding: asyncio.Task[str]
    ) -> NotBound | None:
        try:
            await self._bind(session, request)
            await asyncio.wait({holding})
        except NotBound as trouble:
            session.end(str(trouble))
            return trouble
        except asyncio.CancelledError:
            if self._session is not None and not holding.done():
                await session.farewell()
            raise
        return None

    async def _bind_request(self) -> bytes:
        settings = self._settings
        try:
            password = await asyncio.to_thread(settings.login_secret().read)
            return bind(settings.system_id, password, settings.system_type)
        except SecretUnusable as error:
            raise NotBound(str(error)) from error
        except ValueError as error:
            raise NotBound(f"sms.gateways.{settings.name}: {error}") from error

    async def _bind(self, session: Session, request: bytes) -> None:
        settings = self._settings
        place = f"{settings.host}:{settings.port}"
        try:
            answer = await session.ask(Command.BIND_TRANSCEIVER, request)
        except NoAnswer as error:
            raise NotBound(
                f"{place} did not answer the bind: {error}. Does the operator allow our address?"
            ) from error
        words = words_of(answer.status)
        if is_account_refused(answer.status):
            raise AccountRefused(
                f"{place} refuses the account {settings.system_id}: {words}. Compare system_id, "
                "password and system_type with what the operator has; it must be a transceiver"
            )
        if answer.status != OK or not answers(answer, Command.BIND_TRANSCEIVER):
            raise NotBound(f"{place} does not bind us: {words}")
        self._smsc = first_string(answer.body)
        self._session = session
        self._condition.up(f"bound to {self._smsc or place}")
