"""Whether the own mail server found an e-mail to be from the one in its From.

Source: RFC 8601 (Authentication-Results), RFC 7489 (DMARC, alignment). A header of the own server's
name that came from outside is the own server's to take away (RFC 8601, 5); besides, only the
topmost ones are looked at, down to the next server's Received.
"""

from __future__ import annotations

from dataclasses import dataclass
from email.utils import getaddresses
from functools import lru_cache

import authres

from mail.intake.mime import Fields

_LONGEST = 8000  # characters of one header, and of all that are the own server's
_RESULTS = 50
_NAMED_WITHIN = 500  # characters that a header's authserv-id and comments around it have
# What tells who brought an e-mail comes before a signature, which holds whoever brings it.
_METHODS = ("auth", "spf", "dmarc", "dkim")
SIGNATURES = frozenset({"dmarc", "dkim"})
"""Methods that prove who wrote an e-mail, and not that he sent it to us."""


@dataclass(frozen=True, slots=True)
class Result:
    """One method's, as dkim=pass with header.d=klinik.example."""

    method: str
    value: str
    properties: dict[str, str]


def proven(fields: Fields, sender: str, authserv_id: str) -> str | None:
    """How an e-mail is proven to be from its sender: dmarc, dkim, spf or auth; None if it is not.

    Arguments:
        fields: the e-mail's header.
        sender: the address in From.
        authserv_id: the name that the own mail server writes.
    """
    local, _, domain = sender.lower().rpartition("@")
    if not local or not domain:
        return None
    found = _own_results(fields, authserv_id.lower())
    if any(it.method == "dmarc" and it.value in {"fail", "permerror", "temperror"} for it in found):
        return None
    passed = {
        it.method for it in found if it.value == "pass" and _is_of(it, sender.lower(), domain)
    }
    return next((method for method in _METHODS if method in passed), None)


def written_to(fields: Fields) -> list[str]:
    """The addresses in To; none where there are two: one may stand outside of a signature."""
    values = fields.each("to")
    try:
        found = getaddresses(values) if len(values) == 1 else []
    except Exception:  # it calls itself for each bracket, and has raised other kinds too
        return []
    return [address for _, address in found]


@lru_cache(32)
def read_results(header: str) -> tuple[str, list[Result]]:
    """A header's authserv-id, and its results; a header that is none has neither. Never fails."""
    try:
        read = authres.AuthenticationResultsHeader.parse_value(header[:_LONGEST])
    except Exception:  # SyntaxError for what is none, RecursionError for nested comments, …
        return "", []
    return str(read.authserv_id).lower(), [_result(it) for it in read.results[:_RESULTS]]


def _own_results(fields: Fields, authserv_id: str) -> list[Result]:
    """Of the topmost of the own server's; what stands below the next Received came from outside.

    Others' are not read, and all of it only once for the many recipients of an e-mail: the parser
    takes a millisecond for a hundred characters that somebody has chosen for it.
    """
    own: list[Result] = []
    seen = False
    room = _LONGEST
    for name, value in fields.all:
        if name == "received" and seen:
            break
        named = name == "authentication-results" and authserv_id in value[:_NAMED_WITHIN].lower()
        if not named:
            continue
        room -= len(value)
        if room < 0:
            return []
        whose, results = read_results(value)
        if whose == authserv_id:
            seen = True
            own += results
    return own


def _is_of(result: Result, sender: str, domain: str) -> bool:
    """Whether what passed is the very sender's."""
    given = result.properties
    if result.method == "dmarc":
        return given.get("header.from", domain).rpartition("@")[2] == domain
    if result.method == "dkim":
        signer = given.get("header.d") or given.get("header.i", "").rpartition("@")[2]
        return _is_aligned(signer, domain)
    if result.method == "spf":
        return _is_aligned(given.get("smtp.mailfrom", "").rpartition("@")[2], domain)
    if result.method == "auth":  # a log-in at submission (RFC 8601, 2.7.4)
        account = given.get("smtp.auth") or given.get("smtp.mailfrom")
        return account is None or account in {sender, sender.rpartition("@")[0]}
    return False


def _is_aligned(signer: str, domain: str) -> bool:
    """The sender's domain, or one above it; DMARC alone knows which of those below are trusted."""
    return signer == domain or ("." in signer and domain.endswith(f".{signer}"))


def _result(read: authres.AuthenticationResult) -> Result:
    named: dict[str, str] = {}
    for it in read.properties:
        named.setdefault(f"{it.type}.{it.name}".lower(), str(it.value).lower())
    return Result(str(read.method).lower(), str(read.result).lower(), named)
