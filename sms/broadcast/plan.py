"""What a broadcast will be: each number's text, and the figures of all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import TypeVar
from zoneinfo import ZoneInfo

from ledger.broadcasts import BroadcastBook
from ledger.text_steps import Carriage
from ledger.texts import NewText, Origin
from pbx.gateways import GatewaySettings
from pbx.model import Site
from pbx.sms import Sms
from sms.broadcast.recipients import BadRow, Recipient, why
from sms.broadcast.schedule import ends_at, read_quiet
from sms.broadcast.template import EmptyField, Template
from sms.choosing import choose
from sms.policy import Refusal, too_long
from sms.splitting import count_parts

T = TypeVar("T")
_EXAMPLES = 3
_SLICE = 500  # numbers that the ledger is asked for at once


@dataclass(frozen=True, slots=True)
class Made:
    """The text of one number, and how it is carried."""

    recipient: Recipient
    body: str
    carriage: Carriage


class Maker:
    """Makes the text of each number. The same number, the same text.

    Arguments:
        carriage: how a gateway carries a text.
    """

    def __init__(
        self, template: Template, sms: Sms, carriage: Callable[[GatewaySettings, str], Carriage]
    ) -> None:
        self._template = template
        self._fields = template.fields
        self._sms = sms
        self._carriage = carriage

    def make(self, recipient: Recipient) -> Made | BadRow:
        values = dict(zip(self._fields, recipient.values, strict=True))
        try:
            body = self._template.render(values).strip()
        except EmptyField as error:
            return BadRow(
                recipient.line,
                recipient.number,
                f"{{{error}}} is empty, and the text says nothing for that: {{{error}|something}}",
            )
        if not body:
            return self._bad(recipient, Refusal("no-words"))
        gateway = choose(recipient.number, self._sms.gateways)
        if gateway is None:
            return self._bad(recipient, Refusal("no-gateway"))
        # A text of hundreds of parts cannot even be split.
        if (refusal := too_long(count_parts(body), self._sms)) is not None:
            return self._bad(recipient, refusal)
        carriage = self._carriage(gateway, body)
        if (refusal := too_long(carriage.parts, self._sms)) is not None:
            return self._bad(recipient, refusal)
        return Made(recipient, body, carriage)

    @staticmethod
    def _bad(recipient: Recipient, refusal: Refusal) -> BadRow:
        return BadRow(recipient.line, recipient.number, why(refusal))


@dataclass(slots=True)
class Share:
    """What one gateway carries."""

    texts: int = 0
    parts: int = 0
    cost: float = 0.0


@dataclass(frozen=True, slots=True)
class Example:
    number: str
    gateway: str
    parts: int
    body: str


@dataclass(slots=True)
class Plan:
    """What will be sent, to be looked at before it is.

    Arguments:
        texts: to be sent now.
        known: numbers that have a text of this broadcast already.
        stopped: numbers on the stop list; they get none.
        starts, ends: when it begins, and when all will have been sent, seconds since 1970; ends is
            None where that is not within months.
    """

    texts: int = 0
    known: int = 0
    stopped: int = 0
    doubles: int = 0
    fewest_parts: int = 0
    most_parts: int = 0
    parts: int = 0
    cost: float = 0.0
    gateways: dict[str, Share] = field(default_factory=dict)
    bad: list[BadRow] = field(default_factory=list)
    examples: list[Example] = field(default_factory=list)
    starts: float = 0.0
    ends: float | None = None

    def count(self, made: Made) -> None:
        carriage = made.carriage
        self.fewest_parts = min(self.fewest_parts or carriage.parts, carriage.parts)
        self.most_parts = max(self.most_parts, carriage.parts)
        self.texts += 1
        self.parts += carriage.parts
        self.cost += carriage.price
        share = self.gateways.setdefault(carriage.gateway, Share())
        share.texts += 1
        share.parts += carriage.parts
        share.cost += carriage.price
        if len(self.examples) < _EXAMPLES:
            example = Example(made.recipient.number, carriage.gateway, carriage.parts, made.body)
            self.examples.append(example)


async def make_plan(
    name: str, recipients: Sequence[Recipient], maker: Maker, book: BroadcastBook
) -> Plan:
    """Go through all numbers once; keeps figures, no texts."""
    plan = Plan()
    for some in slices(recipients, _SLICE):
        known = await book.known([source_of(name, it.number) for it in some])
        stopped = await book.stopped([it.number for it in some])
        for recipient in some:
            if source_of(name, recipient.number) in known:
                plan.known += 1
                continue
            made = maker.make(recipient)
            if isinstance(made, BadRow):
                plan.bad.append(made)
            elif recipient.number in stopped:
                plan.stopped += 1
            else:
                plan.count(made)
    return plan


def plan_end(plan: Plan, site: Site, per_minute: float | None, starts: float) -> float | None:
    """When all will have been sent, if nothing else is; seconds since 1970."""
    assert site.sms is not None
    if not plan.texts:
        return starts
    speeds = {it.name: it for it in site.sms.gateways}
    minutes, days = 0.0 if per_minute is None else plan.texts / per_minute, 0.0
    for name, share in plan.gateways.items():
        minutes = max(minutes, share.parts / speeds[name].per_minute)
        days = max(days, share.parts / speeds[name].per_day)
    return ends_at(
        plan.parts,
        plan.parts / (minutes * 60),
        starts=starts,
        zone=ZoneInfo(site.site.timezone),
        quiet=read_quiet(site.sms.quiet),
        cap=min(site.sms.broadcast_per_day, plan.parts / days),
    )


def source_of(name: str, number: str) -> str:
    """What the ledger knows a text by: a number gets one text of a broadcast."""
    return f"broadcast:{name}:{number}"


def new_text(name: str, broadcast: int, made: Made, due: float) -> NewText:
    carriage = made.carriage
    return NewText(
        source=source_of(name, made.recipient.number),
        origin=Origin.BROADCAST,
        number=made.recipient.number,
        own_number=carriage.own_number,
        gateway=carriage.gateway,
        extension="",
        account="",
        author="",
        body=made.body,
        message_id=None,
        due=due,
        parts=carriage.parts,
        pieces=carriage.pieces,
        price=carriage.price,
        broadcast=broadcast,
    )


def slices(values: Sequence[T], size: int) -> Iterator[list[T]]:
    rest = iter(values)
    while some := list(islice(rest, size)):
        yield some
