"""One letter of each kind and language, to see whether the templates can be used."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import get_args
from zoneinfo import ZoneInfo

from mail.letters import Letter, MissedCallLetter, Reader, VoicemailLetter
from pbx.model import Site
from pbx.people import Language

_WHEN = datetime(2026, 1, 1, 12, tzinfo=UTC)
_CALLER = ("08123456789", "Bu Ani")


def sample_letters(site: Site) -> Iterator[Letter]:
    for language in get_args(Language):
        reader = Reader("Sari", site.mail.sender_address, language, ZoneInfo(site.site.timezone))
        yield VoicemailLetter(reader, "1001", *_CALLER, left_at=_WHEN, duration=65, waiting=1)
        yield MissedCallLetter(reader, "1001", *_CALLER, called_at=_WHEN)
