"""The texts that keywords send back, and the limits on them. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ledger.texts import NewText, Origin
from ledger.texts_so_far import TextsSoFar
from pbx.model import Site
from pbx.sms import Sms
from sms.policy import Asker, Refusal, over_cap
from sms.requests import Request, day_start

_AN_HOUR = 5  # to one number: two machines must not answer each other for ever
_ACCOUNT = "keyword "


def account_of(word: str) -> str:
    """What texts of a keyword are counted for. No program of the site can have this name."""
    return _ACCOUNT + word


def keyword_of(account: str) -> str:
    """The keyword of `account_of`; empty where it is none's."""
    return account.removeprefix(_ACCOUNT) if account.startswith(_ACCOUNT) else ""


@dataclass(frozen=True, slots=True)
class ToAnswer:
    """A text that came in: from whom (E.164), by which gateway.

    source: what it is known by; each has one answer at most.
    """

    number: str
    gateway: str
    source: str


@dataclass(frozen=True, slots=True)
class KeywordAnswers:
    """Makes answers.

    Arguments:
        prepare: makes a text of a request, or says why not.
        now: seconds since 1970.
    """

    site: Site
    sms: Sms
    prepare: Callable[[Request, Site, Sms], NewText | Refusal]
    now: float

    def make(self, word: str, body: str, to: ToAnswer, so_far: TextsSoFar) -> NewText | None:
        """The answer to a text that came in; None where it may not be sent."""
        number = to.number
        if so_far.is_stopped(number):
            return None  # it would not be sent, and the administrator told of it each time
        if so_far.count(number, Origin.KEYWORD, self.now - 3600) >= _AN_HOUR:
            return None
        asker = Asker(account=account_of(word))
        request = Request(
            source=f"answer:{to.source}"[:255],
            origin=Origin.KEYWORD,
            to=number,
            body=body,
            asker=asker,
            through=to.gateway,
        )
        text = self.prepare(request, self.site, self.sms)
        if isinstance(text, Refusal):
            return None
        usage = so_far.usage(day_start(self.site, self.now))
        return None if over_cap(asker, text.parts, usage, self.sms) else text
