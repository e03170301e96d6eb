"""Texts that the dialplan asks for."""

from __future__ import annotations

import hashlib

from agi.services import TextWanted
from ledger.texts import Origin
from pbx.model import Site
from pbx.numbers import Extension
from sms.policy import Asker, Refusal
from sms.requests import Request, Requests


async def ask_for(wanted: TextWanted, requests: Requests, site: Site) -> str:
    """Ask for a text; returns why it is refused, or nothing.

    Raises:
        LedgerError: the ledger did not take it.
    """
    person = site.by_extension.get(Extension(wanted.extension))
    seed = f"{wanted.number} {wanted.body}".encode("utf-8", "surrogateescape")
    answer = await requests.ask(
        Request(
            source=f"dialplan:{wanted.unique_id}:{hashlib.sha256(seed).hexdigest()[:32]}",
            origin=Origin.DIALPLAN,
            to=wanted.number,
            body=wanted.body,
            asker=Asker("" if person is None else person.extension),
            author="" if person is None else person.email or "",
        )
    )
    return answer.reason if isinstance(answer, Refusal) else ""
