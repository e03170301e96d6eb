"""Asking for texts, and how gateways carry them, for commands that run without the daemon."""

from __future__ import annotations

import random
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import ClientSession

from ledger.outgoing_texts import OutgoingTexts
from ledger.store import Ledger
from pbx.gateways import GatewaySettings
from pbx.model import Site
from sms.gateway import Gateway
from sms.gateways.modem.pins import PinTries
from sms.gateways.registry import Surroundings, make_gateway
from sms.requests import Requests


@asynccontextmanager
async def offline_gateways(site: Site) -> AsyncIterator[dict[str, Gateway]]:
    """The site's gateways, by name, to ask and not to run.

    Raises:
        GatewayUnusable: a section asks for what the gateway cannot do.
    """
    assert site.sms is not None
    async with ClientSession() as session:
        around = Surroundings(
            session=session,
            callback_url=lambda name, path: f"http://127.0.0.1/{name}/{path}",  # never called
            pin_tries=PinTries(site.service.state_dir / "sim-pins", b""),  # nor this
            now=time.time,
            clock=time.monotonic,
            chance=random.random,
        )
        yield {it.name: make_gateway(it, around) for it in site.sms.gateways}


@asynccontextmanager
async def offline_requests(site: Site, ledger: Ledger) -> AsyncIterator[Requests]:
    """Takes requests for texts, which the daemon sends. No gateway is connected to.

    Raises:
        GatewayUnusable: a section asks for what the gateway cannot do.
    """
    async with offline_gateways(site) as gateways:

        def split(settings: GatewaySettings, body: str) -> tuple[int, int]:
            pieces = gateways[settings.name].pieces(body, 0)
            return len(pieces), sum(piece.parts for piece in pieces)

        yield Requests(
            site=lambda: site,
            texts=OutgoingTexts(ledger),
            split=split,
            down=lambda: (),
            now=time.time,
            wake=lambda _: None,
        )
