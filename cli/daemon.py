"""The daemon: every part with an owner, started in order and stopped in order."""

from __future__ import annotations

import asyncio
import contextlib
import random
import socket
import time
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import structlog

from agi.registry import discover
from agi.server import FastAgiServer
from cli.http import HttpServer
from cli.memory import give_back_freed_memory
from cli.opening import SiteInUse, opened_spool
from cli.reread import refusal, wants_restart
from cli.services import SiteServices, no_texts
from cli.sweeping import Sweeping
from cli.systemd import notify, watchdog_seconds
from cli.telephone import Telephone
from ledger.forgetting import Forgetting
from ledger.in_step import InStep
from ledger.outbox import Outbox
from ledger.store import Ledger
from mail.aftercare import Aftercare
from mail.bounces.watcher import BounceWatcher
from mail.delivery import Delivery
from mail.handover import Handover
from mail.in_step.engine import KeepInStep
from mail.missed_calls import MissedCalls
from mail.retention import Retention
from mail.retry import RetryPolicy
from mail.route import SmtpRoute
from mail.writer import EntryWriter
from pbx.errors import SiteError
from pbx.numbers import Mailbox
from pbx.site import load_site

if TYPE_CHECKING:
    from cli.sms_part import SmsPart

_LEAST_ATTEMPTS = 9  # over some forty minutes
_STOP_WITHIN = 20.0  # seconds for what is on the wire


class Daemon:
    """voxpost at work on one site and one ledger."""

    def __init__(self, site: SiteInUse, ledger: Ledger) -> None:
        self._site = site
        self._outbox = Outbox(ledger)
        self._spool = opened_spool(site())
        self._stop = asyncio.Event()
        self._reread_now = asyncio.Event()
        self._started = time.time()
        self._log = structlog.get_logger(part="daemon")
        self._settings = settings = site()  # as they were at the start
        owner = f"{socket.gethostname()}:{settings.service.state_dir}"[-80:]
        name = client_name()  # asks the resolver, so once, before the loop has work
        self._delivery = Delivery(
            outbox=self._outbox,
            spool=self._spool,
            writer=EntryWriter(site, self._spool),
            route=lambda: SmtpRoute(site().mail.smtp, client_name=name, clock=time.monotonic),
            connections=settings.mail.connections,
            retry=RetryPolicy(settings.mail.give_up_after_days * 86400, _LEAST_ATTEMPTS),
            owner=owner,
            now=time.time,
            chance=random.random,
            delivered=self._delivered,
        )
        self._handover = Handover(
            site=site,
            outbox=self._outbox,
            spool=self._spool,
            now=time.time,
            wake=self._delivery.wake,
        )
        self._missed_calls = MissedCalls(
            site=site, outbox=self._outbox, now=time.time, wake=self._delivery.wake
        )
        self._telephone = Telephone(site=site, hint=self._look_into, sweep=self._connected)
        self._aftercare = Aftercare(self._outbox, self._telephone)
        self._pairs = InStep(ledger)
        self._in_step = KeepInStep(site=site, ledger=self._pairs, actions=self._telephone)
        self._bounces = BounceWatcher(site=site, outbox=self._outbox, chance=random.random)
        self._sms = self._sms_part(ledger, owner)
        self._sweeping = Sweeping(
            handover=self._handover,
            missed_calls=self._missed_calls,
            retention=Retention(
                site=site,
                outbox=self._outbox,
                forgetting=Forgetting(ledger),
                spool=self._spool,
                now=time.time,
            ),
            found=self._in_step.hint_all,
        )
        self._agi = FastAgiServer(
            discover(),
            SiteServices(
                site,
                self._handover,
                self._missed_calls,
                no_texts if self._sms is None else self._sms.text_of_dialplan,
            ),
            host=settings.asterisk.agi.host,
            port=settings.asterisk.agi.port,
        )
        self._http = HttpServer(
            settings.service.http_host, settings.service.http_port, self.snapshot, self._metrics
        )

    def stop(self) -> None:
        """Finish what is on the wire and return from `run`."""
        self._stop.set()

    def reread(self) -> None:
        """Take the site file as it is now; if it is bad, say so and go on with the old one."""
        self._reread_now.set()

    async def _reread_for_ever(self) -> None:
        while True:
            await self._reread_now.wait()
            self._reread_now.clear()
            await self._reread()

    async def _reread(self) -> None:
        try:
            new = await asyncio.to_thread(load_site, self._site.file)
        except SiteError as error:
            self._log.error("site file not taken", problems=[str(it) for it in error.problems])
            return
        if (why := refusal(self._settings, new)) is not None:
            self._log.error("site file not taken", problems=[why])
            return
        if keys := wants_restart(self._settings, new):
            self._log.warning("restart voxpost for these keys", keys=keys)
        self._site.replace(new)
        self._log.info("site file reread", people=len(new.people))
        self._delivery.renew()
        self._telephone.renew()
        self._in_step.renew()
        self._bounces.renew()
        if self._sms is not None:
            self._sms.renew()
        self._sweeping.wake()

    async def run(self) -> None:
        """Work until `stop`.

        Raises:
            OSError: a port is taken.
        """
        in_use = await self._outbox.audio_in_use()
        await asyncio.to_thread(self._spool.clean, in_use, time.time())
        async with contextlib.AsyncExitStack() as stack:
            await self._http.start()
            stack.push_async_callback(self._http.stop)
            await self._agi.start()
            stack.push_async_callback(self._agi.stop)
            async with asyncio.TaskGroup() as group:
                tasks = [
                    group.create_task(part)
                    for part in (
                        self._sweeping.run(),
                        self._reread_for_ever(),
                        self._telephone.run(),
                        self._aftercare.run(),
                        self._in_step.run(),
                        self._bounces.run(),
                        self._feed_watchdog(),
                        give_back_freed_memory(),
                    )
                ]
                delivering = group.create_task(self._delivery.run())
                ending = [delivering]
                if self._sms is not None:
                    ending.append(group.create_task(self._sms.run()))
                self._log.info("ready", people=len(self._site().people), **self._addresses())
                notify("READY=1")
                await self._stop.wait()
                notify("STOPPING=1")
                self._log.info("stopping")
                await self._agi.stop()
                self._delivery.stop()
                if self._sms is not None:
                    self._sms.stop()
                await asyncio.wait(ending, timeout=_STOP_WITHIN)
                for task in (*ending, *tasks):
                    task.cancel()

    async def snapshot(self) -> Mapping[str, Any]:
        """The state of every part as data, for /status and the metrics."""
        depth = await self._outbox.depth()
        delivery = self._delivery.statistics
        status = self._telephone.status
        now = time.time()
        oldest = depth.oldest_waiting
        connected = status is not None and status.state == "connected"
        return {
            "version": version("voxpost"),
            "uptime_seconds": round(now - self._started),
            "healthy": self._sweeping.trouble is None
            and delivery.configuration_trouble is None
            and delivery.ledger_trouble is None,
            "ami_up": connected,
            "ami": {} if status is None else asdict(status),
            "ami_trouble": self._telephone.trouble,
            "agi": asdict(self._agi.statistics),
            "delivery": asdict(delivery),
            "in_step": {
                **asdict(self._in_step.statistics),
                "open": await self._pairs.count_open(),
            },
            "bounces": asdict(self._bounces.statistics),
            "sms": None if self._sms is None else await self._sms.snapshot(),
            "handover_trouble": self._sweeping.trouble,
            "outbox": {
                "by_state": {str(state): count for state, count in depth.by_state.items()},
                "oldest_waiting_seconds": None if oldest is None else round(now - oldest),
            },
        }

    async def _metrics(self) -> bytes:
        # Imported once somebody asks: many sites have nobody who does.
        from cli.metrics import render_metrics  # noqa: PLC0415

        return render_metrics(await self.snapshot())

    def _sms_part(self, ledger: Ledger, owner: str) -> SmsPart | None:
        if self._site().sms is None:
            return None
        # Imported where it is wanted: others need not have it in memory.
        from cli.sms_part import SmsPart  # noqa: PLC0415

        return SmsPart(self._site, ledger, wake_mail=self._delivery.wake, owner=owner)

    def _delivered(self) -> None:
        self._aftercare.wake()

    async def _look_into(self, mailbox: str) -> None:
        await self._handover.mailbox(Mailbox(mailbox))
        self._in_step.hint(mailbox)

    async def _connected(self) -> None:
        """The manager connection is new: what happened meanwhile is looked for."""
        self._sweeping.wake()
        self._aftercare.wake()
        self._in_step.hint_all()

    async def _feed_watchdog(self) -> None:
        """Tell systemd that the loop turns; a loop that hangs is restarted."""
        period = watchdog_seconds()
        while period is not None:
            notify("WATCHDOG=1")
            await asyncio.sleep(period)

    def _addresses(self) -> dict[str, str]:
        site = self._site()
        return {
            "agi": f"{site.asterisk.agi.host}:{site.asterisk.agi.port}",
            "http": f"{site.service.http_host}:{site.service.http_port}",
            "since": datetime.fromtimestamp(self._started, UTC).isoformat(timespec="seconds"),
        }


def client_name() -> str:
    """What we call ourselves in EHLO; a name that is not plain ASCII would be refused."""
    name = socket.getfqdn()
    return name if name.isascii() and " " not in name else "localhost"
