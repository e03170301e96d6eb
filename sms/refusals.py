"""Why a text is not sent, as a sentence for who asked on the command line or by a program."""

from __future__ import annotations

from collections.abc import Mapping

from ledger.notices import Reason
from sms.policy import Refusal

_SENTENCES: Mapping[Reason, str] = {
    "not-allowed": "{0} may not send texts: set may_text = true for this person.",
    "over-cap-person": (
        "the parts of this day would be {0}: send it tomorrow, or raise the cap "
        "(sms.per_person, or per_day of the program)."
    ),
    "over-cap-site": "the site's parts of this day would be {0}: raise sms.per_day.",
    "too-long": "the text has {0} parts: make it shorter, or raise sms.max_parts.",
    "stop-list": (
        "{0} wants no texts: who said STOP must say START himself; see `voxpost sms stoplist`."
    ),
    "bad-number": "no text can go to {0}: write a mobile number like +62811000111.",
    "country-not-open": "no texts go to the country of {0}: add it to sms.countries.",
    "no-gateway": "no gateway carries texts to {0}: add its prefix to one in [[sms.gateways]].",
    "no-words": "there is nothing to send: the text is empty.",
    "not-a-person": "{0} is nobody of this site: name the extension of one of the people.",
    "not-proven": "it is not proven who asks: {0}.",
}


def sentence(refusal: Refusal) -> str:
    """What is wrong, and what to do."""
    return _SENTENCES[refusal.reason].format(refusal.detail or "it")
