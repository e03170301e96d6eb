"""The SMS centre in the daemon: gateways, callbacks, and e-mails that become texts."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from typing import Any

from aiohttp import ClientSession

from agi.services import TextWanted
from cli.dialplan_texts import ask_for
from cli.opening import SiteInUse
from cli.sms_secret import SmsSecret, callback_secret, sms_secret
from ledger.outbox import Outbox
from ledger.outgoing_texts import OutgoingTexts
from ledger.store import Ledger
from ledger.text_search import TextSearch
from mail.intake.listener import MailListener
from mail.intake.tokens import ReplyAddresses
from pbx.gateways import GatewaySettings
from pbx.model import Site
from sms.centre import SmsCentre
from sms.gateway import Gateway
from sms.gateways.http import new_session
from sms.gateways.modem.pins import PinTries
from sms.gateways.registry import Surroundings, make_gateway
from sms.mail_intake import TextMails
from sms.playsms_service.service import PlaySmsService
from sms.web import CallbackServer


class SmsPart:
    """The SMS centre of the daemon. Made where the site file has [sms].

    Addresses and ports are those of the start. Gateways and all else follow the site file.

    Arguments:
        wake_mail: called when there is a new e-mail to deliver.
        owner: who claims texts: the same name after a restart.
    """

    def __init__(
        self, site: SiteInUse, ledger: Ledger, *, wake_mail: Callable[[], None], owner: str
    ) -> None:
        self._site = site
        self._ledger = ledger
        self._wake_mail = wake_mail
        self._owner = owner
        self._stopping = asyncio.Event()
        self._centre: SmsCentre | None = None

    def renew(self) -> None:
        """Say that the site file was reread."""
        if self._centre is not None:
            self._centre.renew()

    def stop(self) -> None:
        """Begin nothing new; `run` returns once what is on its way has a fate."""
        self._stopping.set()
        if self._centre is not None:
            self._centre.stop()

    async def text_of_dialplan(self, wanted: TextWanted) -> str:
        """Ask for a text; returns why it is refused, or nothing.

        Raises:
            LedgerError: the ledger did not take it.
        """
        if self._centre is None:
            return "no-gateway"
        search = TextSearch(self._ledger)
        return await ask_for(wanted, self._centre.requests, self._site(), search, time.time())

    async def snapshot(self) -> dict[str, Any] | None:
        """The centre's state as data; None until it has begun."""
        return None if self._centre is None else await self._centre.snapshot()

    async def run(self) -> None:
        """Work until stopped.

        Raises:
            OSError: a port is taken.
            SecretUnusable: the secret in state_dir cannot be read or made.
        """
        secret = await asyncio.to_thread(sms_secret, self._site())
        async with AsyncExitStack() as stack:
            session = await stack.enter_async_context(new_session())
            await self._run(stack, session, secret)

    async def _run(self, stack: AsyncExitStack, session: ClientSession, secret: SmsSecret) -> None:
        site = self._site()
        assert site.sms is not None
        server = CallbackServer(
            site.sms.http_host,
            site.sms.http_port,
            secret=callback_secret(secret),
            callbacks=lambda name: centre.callbacks(name),  # noqa: PLW0108 - made below
        )
        around = Surroundings(
            session=session,
            callback_url=server.url,
            pin_tries=PinTries(site.service.state_dir / "sim-pins", secret.derived("sim pins")),
            now=time.time,
            clock=time.monotonic,
            chance=random.random,
        )
        token_key = secret.derived("reply addresses")

        def make(settings: GatewaySettings) -> Gateway:
            return make_gateway(settings, around)

        centre = SmsCentre(
            site=self._site,
            ledger=self._ledger,
            make=make,
            addresses=lambda: reply_addresses(self._site(), token_key),
            session=session,
            wake_mail=self._wake_mail,
            owner=self._owner,
            now=time.time,
            clock=time.monotonic,
            chance=random.random,
        )
        self._centre = centre
        service = PlaySmsService(
            site=self._site,
            requests=centre.requests,
            ledger=self._ledger,
            now=time.time,
            clock=time.monotonic,
        )
        server.serve(service.routes())
        if self._stopping.is_set():
            return
        await server.start()
        stack.push_async_callback(server.stop)
        if site.sms.mail is not None:
            mails = TextMails(
                site=self._site,
                requests=centre.requests,
                texts=OutgoingTexts(self._ledger),
                outbox=Outbox(self._ledger),
                addresses=lambda: reply_addresses(self._site(), token_key),
                wake_mail=self._wake_mail,
                now=time.time,
            )
            listener = MailListener(site.sms.mail, mails)
            await listener.start()
            stack.push_async_callback(listener.stop)
        await centre.run()


def reply_addresses(site: Site, key: bytes) -> ReplyAddresses | None:
    """What makes addresses to answer to; None where no e-mail comes in."""
    if site.sms is None or site.sms.mail is None:
        return None
    return ReplyAddresses(key, site.sms.mail.domain)
