"""Texts that the dialplan asks for."""

from __future__ import annotations

import hashlib

from agi.services import TextWanted
from ledger.text_search import TextSearch
from ledger.texts import Origin
from pbx.model import Site
from pbx.numbers import Extension
from sms.policy import Asker, Refusal, read_recipient
from sms.requests import Request, Requests

_AN_HOUR = 5  # to one number: who calls again and again must not use up the site's day


async def ask_for(
    wanted: TextWanted, requests: Requests, site: Site, search: TextSearch, now: float
) -> str:
    """Ask for a text; returns why it is refused, or nothing.

    Arguments:
        search: looks for the texts that the number had already.
        now: seconds since 1970.

    Raises:
        LedgerError: the ledger did not take it.
    """
    if site.sms is None:
        return "no-gateway"
    number = read_recipient(wanted.number, site.site.country, site.sms)
    if isinstance(number, Refusal):
        return number.reason
    if await search.count(number, Origin.DIALPLAN, now - 3600) >= _AN_HOUR:
        return "over-cap-person"
    person = site.by_extension.get(Extension(wanted.extension))
    seed = f"{wanted.number} {wanted.body}".encode("utf-8", "surrogateescape")
    answer = await requests.ask(
        Request(
            source=f"dialplan:{wanted.unique_id}:{hashlib.sha256(seed).hexdigest()[:32]}",
            origin=Origin.DIALPLAN,
            to=number,
            body=wanted.body,
            asker=Asker("" if person is None else person.extension),
            author="" if person is None else person.email or "",
        )
    )
    return answer.reason if isinstance(answer, Refusal) else ""
