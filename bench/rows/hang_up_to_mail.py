"""From the moment when the caller hangs up until the mail is in the mail account."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.arrival import arrival, names
from bench.big_site import FIRST, BigSite
from bench.place import Place
from bench.result import Result
from bench.serving import serving
from cli.program import own_program
from lab.accounts import MailUser
from lab.asterisk import PrivateAsterisk
from lab.mail_ports import MailPorts
from lab.phone import Login, Phone
from lab.ports import AsteriskPorts
from lab.processes import run_program
from lab.prompts import greet, instruct
from lab.site_sections import submission_table
from lab.speech import Speech, from_prompt, read_audio
from lab.zimbra_like import ZimbraLike

CALLS = 100
SPEECH = 1.5  # seconds
BEEP_OVER = 1.8  # seconds after the answer: the person's greeting, the instructions, the beep
PERSON = f"p{FIRST}@lab.example"
SENDER = MailUser("voicemail@lab.example", "voicemail-password")


@dataclass(frozen=True)
class _Office:
    site: BigSite
    phone: Phone
    speech: Speech
    inbox: Path


async def measure(place: Place) -> list[Result]:
    """One call after the other; the first, on cold connections, does not count."""
    count = max(3, round(CALLS * place.share))
    delays: list[float] = []
    async with _office(place) as office:
        for number in range(count + 1):
            delays.append(await _one_call(office))
            if number % 20 == 0:
                place.say(f"call {number}: {1000 * delays[-1]:.0f} ms")
    delays = sorted(delays[1:])
    what = "from hang-up to the mail account"
    return [
        Result(f"{what}, p50", "ms", ours=1000 * percentile(delays, 0.5), target=200),
        Result(f"{what}, p99", "ms", ours=1000 * percentile(delays, 0.99), target=1000),
    ]


def percentile(ordered: Sequence[float], share: float) -> float:
    """What this share did not exceed, by nearest rank."""
    return ordered[math.ceil(share * len(ordered)) - 1]


async def _one_call(office: _Office) -> float:
    arriving = asyncio.create_task(
        asyncio.to_thread(arrival, office.inbox, frozenset(names(office.inbox)))
    )
    site = office.site
    caller = site.people[1]
    result = await office.phone.call(
        site.people[0]["extension"],
        site.asterisk.ports.sip,
        speech=office.speech,
        speak_after=BEEP_OVER,
        login=Login(f"phone-{caller['extension']}", caller["phone_password"]),
    )
    if result.hung_up is None:
        raise RuntimeError(f"the call failed: {result.code} {result.words}")
    return await arriving - result.hung_up


@asynccontextmanager
async def _office(place: Place) -> AsyncIterator[_Office]:
    """Asterisk, voxpost and the mail server, and two people: who is called, and who calls."""
    folder = place.folder
    users = [MailUser(PERSON, "person-password"), SENDER]
    mail = ZimbraLike(folder / "mail", MailPorts.pick(place.ports), users)
    asterisk = PrivateAsterisk(place.asterisk22, folder / "pbx", AsteriskPorts.pick(place.ports))
    asterisk.prepare()
    # They are no part of what is measured.
    beep = read_audio(asterisk.sounds_dir / "beep.gsm", "gsm")
    instruct(asterisk, beep)
    greet(asterisk, str(FIRST), beep)
    smtp = submission_table(mail, SENDER)
    site = BigSite(folder, asterisk, 2, place.ports.one(), smtp)
    async with mail:
        site.write()
        etc = str(asterisk.etc_dir)
        code, said = await run_program(
            [str(own_program()), "generate-config", "--site", str(site.file), "--output", etc]
        )
        if code != 0:
            raise RuntimeError(said)
        async with asterisk, serving(folder, "cli", "run", "--site", str(site.file)):
            phone = Phone(place.asterisk22, place.ports)
            speech = from_prompt(asterisk.sounds_dir, SPEECH)
            inbox = folder / "mail/dovecot/home" / PERSON / "Maildir/new"
            yield _Office(site, phone, speech, inbox)
