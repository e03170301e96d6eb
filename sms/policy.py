"""Who may send a text, where to, and how many: the checks before money is spent."""

from __future__ import annotations

from dataclasses import dataclass

import phonenumbers

from ledger.notices import Reason
from ledger.texts import Usage
from pbx.numbers import E164, e164_meant, is_mobile
from pbx.sms import Sms


@dataclass(frozen=True, slots=True)
class Refusal:
    """A text that is not sent.

    Arguments:
        detail: what it is about, for the sentence: the number, "8 of 6".
        parts, limit: what there would be, and may be; 0 where the reason has none.
    """

    reason: Reason
    detail: str = ""
    parts: int = 0
    limit: int = 0


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks for a text.

    Arguments:
        extension: the person's; empty for the desk and for programs.
        account: the program's name; empty for people.
        cap: parts that he may send a day; None: only the site's cap counts.
    """

    extension: str = ""
    account: str = ""
    cap: int | None = None


def read_recipient(raw: str, country: str, sms: Sms) -> E164 | Refusal:
    """The number that is meant, if it is one that may be written to."""
    number = e164_meant(raw.strip(), country)
    if number is None:
        return Refusal("bad-number", raw[:40])
    parsed = phonenumbers.parse(number)
    if not phonenumbers.is_valid_number(parsed):
        return Refusal("bad-number", raw[:40])
    if not is_mobile(parsed):
        return Refusal("bad-number", f"{number}, which is no mobile number")
    region = phonenumbers.region_code_for_number(parsed) or ""
    if region not in (sms.countries or (country,)):
        return Refusal("country-not-open", f"{number} ({region or 'nowhere'})")
    return number


def too_long(parts: int, sms: Sms) -> Refusal | None:
    """Whether a text has more parts than one may have."""
    if parts <= sms.max_parts:
        return None
    return Refusal("too-long", f"{parts} of {sms.max_parts}", parts, sms.max_parts)


def over_cap(asker: Asker, parts: int, usage: Usage, sms: Sms) -> Refusal | None:
    """The cap that these parts would exceed, or None."""
    if asker.cap is not None:
        used = usage.account if asker.account else usage.person
        if used + parts > asker.cap:
            return _over("over-cap-person", used + parts, asker.cap)
    if usage.site + parts > sms.per_day:
        return _over("over-cap-site", usage.site + parts, sms.per_day)
    return None


def _over(reason: Reason, parts: int, limit: int) -> Refusal:
    return Refusal(reason, f"{parts} of {limit}", parts, limit)
