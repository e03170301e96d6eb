"""Makes the gateways that the site file names. A new kind is a line here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from aiohttp import ClientSession

from pbx.gateways import (
    GatewaySettings,
    KannelBoxGateway,
    KannelGateway,
    ModemGateway,
    PlaySmsGateway,
    SmppGateway,
)
from sms.gateway import Gateway
from sms.gateways.kannel.gateway import Kannel
from sms.gateways.kannel_box.gateway import KannelBox
from sms.gateways.modem.gateway import Modem
from sms.gateways.modem.pins import PinTries
from sms.gateways.playsms.gateway import PlaySms
from sms.gateways.smpp.gateway import Smpp


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What gateways need of the program.

    Arguments:
        callback_url: the full address of a callback of ours: gateway's name, path.
        pin_tries: what is remembered of SIMs' PINs that were tried.
        now: seconds since 1970. clock: seconds that only go forward. chance: from 0 to 1.
    """

    session: ClientSession
    callback_url: Callable[[str, str], str]
    pin_tries: PinTries
    now: Callable[[], float]
    clock: Callable[[], float]
    chance: Callable[[], float]


def make_gateway(settings: GatewaySettings, around: Surroundings) -> Gateway:
    """The gateway of a section of the site file.

    Raises:
        GatewayUnusable: the section asks for what the gateway cannot do.
    """

    def callback_url(path: str) -> str:
        return around.callback_url(settings.name, path)

    match settings:
        case ModemGateway():
            return Modem(settings, tries=around.pin_tries, now=around.now, chance=around.chance)
        case KannelGateway():
            return Kannel(
                settings, session=around.session, callback_url=callback_url, now=around.now
            )
        case KannelBoxGateway():
            return KannelBox(settings, now=around.now, clock=around.clock, chance=around.chance)
        case PlaySmsGateway():
            return PlaySms(settings, session=around.session, now=around.now)
        case SmppGateway():
            return Smpp(settings, now=around.now, clock=around.clock, chance=around.chance)
