"""Texts that come in: from the modem to the mail account."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime
from pathlib import Path

from bench.arrival import arrival, names
from bench.place import Place
from bench.result import Result
from bench.rows.hang_up_to_mail import percentile
from bench.serving import serving
from lab.modem_client import ModemControl
from lab.texts import deliver_pdus
from lab.texts_site import DESK, texts_site

_TEXTS = 200


async def incoming(place: Place) -> list[Result]:
    """One text after the other; the first, on cold connections, does not count."""
    count = max(3, round(_TEXTS * place.share))
    delays = []
    async with texts_site(place.folder, place.ports) as site:
        inbox = place.folder / "mail/dovecot/home" / DESK / "Maildir/new"
        async with serving(place.folder, "cli", "run", "--site", str(site.file)):
            for number in range(count + 1):
                delays.append(await _one_text(site.modem, inbox, number))
                if number % 50 == 0:
                    place.say(f"text {number}: {1000 * delays[-1]:.0f} ms")
    delays = sorted(delays[1:])
    what = "from the modem's +CMTI to the mail account"
    return [
        Result(f"{what}, p50", "ms", ours=1000 * percentile(delays, 0.5), target=500),
        Result(f"{what}, p99", "ms", ours=1000 * percentile(delays, 0.99), target=2000),
    ]


async def _one_text(modem: ModemControl, inbox: Path, number: int) -> float:
    before = frozenset(names(inbox))
    (pdu,) = deliver_pdus(f"+62812{number:07}", f"text {number}", datetime.now(UTC))
    began = time.time()
    await modem.deliver(pdu)
    return await asyncio.to_thread(arrival, inbox, before) - began
