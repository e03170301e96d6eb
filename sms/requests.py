"""Asking for a text: what is asked, checked against the site, and put into the ledger."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from ledger.outgoing_texts import OutgoingTexts
from ledger.text_steps import Carriage
from ledger.texts import NewText, Origin, Text, Usage
from pbx.gateways import GatewaySettings
from pbx.model import Site
from pbx.sms import Sms
from sms.choosing import choose
from sms.policy import Asker, Refusal, over_cap, read_recipient, too_long
from sms.splitting import count_parts

_CONVERSATION = 30 * 86400.0  # seconds that a conversation lasts after a customer's text

Split = Callable[[GatewaySettings, str], tuple[int, int]]
"""How a gateway carries a text: pieces, and parts of them all."""


@dataclass(frozen=True, slots=True)
class Request:
    """A text that somebody wants sent.

    Arguments:
        source: what it came of; the same source is never sent twice.
        to: the number, as it was written.
        author: mail account that is told when it fails; empty for none.
        message_id: of the e-mail that it came of.
        due: not before, seconds since 1970; None: now.
        through: the gateway that comes first, as its number is the one that the other side knows.
    """

    source: str
    origin: Origin
    to: str
    body: str
    asker: Asker
    author: str = ""
    message_id: str | None = None
    due: float | None = None
    through: str | None = None


@dataclass(frozen=True, slots=True)
class Accepted:
    """The text stands in the ledger. known: it did already, and is not sent again."""

    text: Text
    known: bool


class Requests:
    """Takes requests for texts.

    Arguments:
        site: called for the site file as it is now.
        split: how many pieces and parts a gateway makes of a text.
        down: names of gateways that cannot send now.
        now: seconds since 1970.
        wake: called when there is something to send, with the gateway's name.
    """

    def __init__(
        self,
        *,
        site: Callable[[], Site],
        texts: OutgoingTexts,
        split: Split,
        down: Callable[[], Collection[str]],
        now: Callable[[], float],
        wake: Callable[[str], None],
    ) -> None:
        self._site = site
        self._texts = texts
        self._split = split
        self._down = down
        self._now = now
        self._wake = wake

    async def ask(self, request: Request) -> Accepted | Refusal:
        """Have a text sent, if it may be. Durable once it returns.

        Raises:
            LedgerError: the ledger did not take it.
        """
        site = self._site()
        assert site.sms is not None, "the SMS centre runs only where the site file has [sms]"
        sms = site.sms
        if request.origin is Origin.MAIL:
            request = await self._in_conversation(request, site, sms)
        text = self.prepare(request, site, sms)
        if isinstance(text, Refusal):
            return text
        refusal: list[Refusal] = []

        def refuse(usage: Usage) -> str | None:
            found = over_cap(request.asker, text.parts, usage, sms)
            refusal.extend([] if found is None else [found])
            return None if found is None else found.reason

        asked = await self._texts.ask(text, self._now(), day_start(site, self._now()), refuse)
        if asked.text is None:
            return refusal[-1] if refusal else Refusal("stop-list", text.number)
        if not asked.known:
            self._wake(asked.text.gateway)
        return Accepted(asked.text, asked.known)

    async def _in_conversation(self, request: Request, site: Site, sms: Sms) -> Request:
        """An answer comes from the number that the customer wrote to."""
        number = read_recipient(request.to, site.site.country, sms)
        if isinstance(number, Refusal):
            return request
        latest = await self._texts.latest_from(number)
        if latest is None or latest.created < self._now() - _CONVERSATION:
            return request
        return replace(request, through=latest.gateway)

    def prepare(self, request: Request, site: Site, sms: Sms) -> NewText | Refusal:
        """The text as the ledger takes it; all checks but those of the caps and the stop list."""
        body = "\n".join(line.rstrip() for line in request.body.strip().splitlines())
        if not body:
            return Refusal("no-words")
        number = read_recipient(request.to, site.site.country, sms)
        if isinstance(number, Refusal):
            return number
        gateway = choose(number, sms.gateways, down=self._down(), wished=request.through)
        if gateway is None:
            return Refusal("no-gateway", number)
        # No gateway needs fewer, and none can split a text of hundreds.
        if (refusal := too_long(count_parts(body), sms)) is not None:
            return refusal
        carriage = self.carriage(gateway, body)
        if (refusal := too_long(carriage.parts, sms)) is not None:
            return refusal
        return NewText(
            source=request.source,
            origin=request.origin,
            number=number,
            own_number=carriage.own_number,
            gateway=carriage.gateway,
            extension=request.asker.extension,
            account=request.asker.account,
            author=request.author,
            body=body,
            message_id=request.message_id,
            due=self._now() if request.due is None else request.due,
            parts=carriage.parts,
            pieces=carriage.pieces,
            price=carriage.price,
        )

    def carriage(self, gateway: GatewaySettings, body: str) -> Carriage:
        """How a gateway carries a text, and what it costs."""
        pieces, parts = self._split(gateway, body)
        return Carriage(gateway.name, gateway.number, parts, pieces, parts * gateway.price)


def day_start(site: Site, now: float) -> float:
    """When the site's day began, seconds since 1970."""
    zone = ZoneInfo(site.site.timezone)
    today = datetime.fromtimestamp(now, zone)
    return today.replace(hour=0, minute=0, second=0, microsecond=0).timestamp()
