"""`python -m endurance.texts`: texts in and out while all that can break breaks.

A simulated modem gets texts in bursts and sends others, is unplugged, hangs and says garbage, and
`voxpost run` is killed at random moments. Afterwards each text that came in is in the mail account
once; none went out twice; and each whose fate nobody can know is listed.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import shutil
import signal
import smtplib
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from random import Random

from endurance.texts_check import Plan, Report, examine
from lab.ports import LOOPBACK, free_ports
from lab.processes import Child
from lab.texts import deliver_pdus
from lab.texts_site import DESK, SMS_DOMAIN, WRITER, TextsSite, texts_site
from ledger.store import open_ledger, sqlite_url
from ledger.text_book import TextBook
from ledger.texts import TextState

_DRAIN_WITHIN = 300.0  # seconds
_LONGEST_LIFE = 8.0  # seconds
_BODIES = ("Kapan buka, Dok?", "Terima kasih 🙏", "Ñandú €5 [ok]", "Saya mau daftar. " * 12)


class Storm:
    """All that happens at once: texts in both directions, a modem that fails, kills."""

    def __init__(self, site: TextsSite, plan: Plan, random: Random, report: Report) -> None:
        self._site = site
        self._plan = plan
        self._random = random
        self._report = report
        self._links = 0
        self.bodies_in: list[str] = []
        self.bodies_out: list[str] = []

    async def rage(self, say: Callable[[str], None]) -> None:
        """Let it happen. What it began is done when it returns, but for what is on its way."""
        done = asyncio.Event()
        killing = asyncio.create_task(self._kill(done))
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._bring())
                group.create_task(self._ask())
                group.create_task(self._break(say))
        finally:
            done.set()
            await killing
            await self._site.modem.well()

    async def _bring(self) -> None:
        """Texts come in, alone and in bursts; some are long."""
        plan, random = self._plan, self._random
        while len(self.bodies_in) < plan.texts_in:
            burst = min(random.choice((1, 1, 2, 5, 9)), plan.texts_in - len(self.bodies_in))
            pdus = []
            for _ in range(burst):
                number = len(self.bodies_in)
                body = f"in-{number} {random.choice(_BODIES)}".strip()
                self.bodies_in.append(body)
                sender = f"+62812{number:07}"
                pdus += deliver_pdus(sender, body, datetime.now(UTC), number % 256)
            random.shuffle(pdus)
            await self._site.modem.deliver(*pdus)
            await asyncio.sleep(random.uniform(0.1, 1.5))

    async def _ask(self) -> None:
        """A person writes e-mails; her mail server brings each until it is taken."""
        for number in range(self._plan.texts_out):
            long = "Hasil lab sudah ada. " * self._random.choice((1, 1, 1, 12))
            self.bodies_out.append(f"out-{number} {long}".strip())
            await self._until_taken(number, self.bodies_out[-1])
            await asyncio.sleep(self._random.uniform(0.0, 1.0))

    async def _until_taken(self, number: int, body: str) -> None:
        to = f"+62813{number:07}@{SMS_DOMAIN}"
        letter = (
            f"From: Sari <{WRITER}>\r\nTo: {to}\r\nSubject: SMS\r\n"
            f"Message-ID: <{number}@lab.example>\r\n\r\n{body}\r\n"
        )
        while True:
            try:
                await asyncio.to_thread(_lmtp, self._site.lmtp_port, to, letter)
            except (OSError, smtplib.SMTPException):
                await asyncio.sleep(0.3)
            else:
                self._report.asked += 1
                return

    async def _break(self, say: Callable[[str], None]) -> None:
        """The modem fails, in all its ways, until it has done so often enough."""
        plan, modem, random = self._plan, self._site.modem, self._random
        deeds = ["unplug"] * plan.unplugs + ["hang"] * plan.hangs + ["garbage"] * plan.garbage
        random.shuffle(deeds)
        for at, deed in enumerate(deeds):
            await asyncio.sleep(random.uniform(1, 5))
            if deed == "unplug":
                await modem.unplug()
                await asyncio.sleep(random.uniform(0.1, 3))
                self._links += 1
                await modem.plug(modem.link.with_name(f"modem{self._links % 3}"))
            elif deed == "hang":
                await modem.hang(random.uniform(1, 25))
            else:
                await modem.garbage()
            if at % 10 == 9:
                came, asked = len(self.bodies_in), len(self.bodies_out)
                say(f"{at + 1} faults, {self._report.kills} kills, {came} in, {asked} asked for")

    async def _kill(self, done: asyncio.Event) -> None:
        """voxpost lives again and again, for a while; at last until all has happened."""
        while not done.is_set() or self._report.kills < self._plan.kills:
            victim = self._site.start()
            life = self._random.uniform(0.3, _LONGEST_LIFE)
            try:
                async with asyncio.timeout(life):
                    await victim.ended()
            except TimeoutError:
                os.kill(victim.pid, signal.SIGKILL)
            code = await victim.ended()
            self._report.kills += 1
            if code != -signal.SIGKILL:
                self._report.ended_alone.append(f"{code}: {victim.last_words(3)}")
                if len(self._report.ended_alone) > 3:
                    raise RuntimeError(f"voxpost ends by itself: {self._report.ended_alone}")


def _lmtp(port: int, to: str, letter: str) -> None:
    with smtplib.LMTP(LOOPBACK, port, timeout=20) as server:
        server.sendmail(WRITER, [to], letter.encode())


async def run(plan: Plan, folder: Path, say: Callable[[str], None] = print) -> Report:
    """Do it. folder: new, with a short path. Raises LabError when the lab fails."""
    random = Random(plan.seed)
    report = Report(plan)
    began = time.monotonic()
    async with texts_site(folder, free_ports(os.environ)) as site:
        say(f"log of voxpost: {site.log_file}")
        storm = Storm(site, plan, random, report)
        await storm.rage(say)
        say(f"{report.kills} kills done; now it may work")
        voxpost = site.start()
        try:
            await _drain(site, voxpost, plan)
        finally:
            await voxpost.stop(25)
        await examine(site, storm.bodies_in, report)
    report.seconds = round(time.monotonic() - began, 1)
    return report


async def _drain(site: TextsSite, voxpost: Child, plan: Plan) -> None:
    """Wait until the modem is empty, nothing waits to be sent, and all mail has arrived."""
    ledger = await open_ledger(sqlite_url(site.ledger_file))
    try:
        book = TextBook(ledger)
        async with asyncio.timeout(_DRAIN_WITHIN):
            await site.modem.wait_empty(_DRAIN_WITHIN)
            while voxpost.is_running():
                counts = (await book.depth(time.time())).by_state
                waits = counts.get(TextState.WAITING, 0) + counts.get(TextState.SENDING, 0)
                mails = await site.mail.mails(DESK)
                if not waits and len(mails) >= plan.texts_in:
                    return
                await asyncio.sleep(1)
    except TimeoutError:
        pass  # what is left stands in the report
    finally:
        await ledger.close()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m endurance.texts", description=__doc__)
    usual = Plan()
    for name, value in asdict(usual).items():
        parser.add_argument(f"--{name.replace('_', '-')}", type=int, default=value)
    parser.add_argument("--report", type=Path, help="write the report to this file too")
    parser.add_argument("--keep", action="store_true", help="leave the folder for a look")
    given = vars(parser.parse_args())
    file, keep = given.pop("report"), given.pop("keep")
    folder = Path(tempfile.mkdtemp(prefix="vt"))
    folder.chmod(0o755)  # Postfix and Dovecot work as other users
    try:
        report = asyncio.run(run(Plan(**given), folder, lambda line: print(line, flush=True)))
    finally:
        if not keep:
            shutil.rmtree(folder, ignore_errors=True)
    print(report.as_text())
    if file:
        file.write_text(report.as_text() + "\n")
    sys.exit(not report.is_good)


if __name__ == "__main__":
    main()
