"""The one thread that owns a modem: connects, takes in, sends, and begins anew after trouble."""

from __future__ import annotations

import asyncio
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import CancelledError, Future
from pathlib import Path

import structlog

from ledger.errors import LedgerError
from pbx.backoff import Backoff
from pbx.gateways import ModemGateway
from sms.gateway import Inbox, Incoming, NotNow, Report, Sent
from sms.gateways.condition import Condition
from sms.gateways.modem.commands import Commands
from sms.gateways.modem.errors import ModemTrouble, PinSpent, PortGone
from sms.gateways.modem.line import Ears
from sms.gateways.modem.patience import Patience
from sms.gateways.modem.pins import Pins
from sms.gateways.modem.port import Port
from sms.gateways.modem.replies import NO_NETWORK
from sms.gateways.modem.slot import Job, Slot
from sms.gateways.modem.taking import Taking, read_pdu

_MOST_DIRECT = 200  # reports that the modem does not store, until the ledger takes them
_GONE = NotNow("the modem is gone", gateway_down=True)


class Worker:
    """Owns a modem from `start` until `ended` is done.

    Arguments:
        inbox, loop: where what comes in is brought, and the loop that it lives in.
        now: seconds since 1970. chance: from 0 to 1.
    """

    def __init__(
        self,
        settings: ModemGateway,
        *,
        inbox: Inbox,
        loop: asyncio.AbstractEventLoop,
        condition: Condition,
        pins: Pins,
        patience: Patience,
        now: Callable[[], float],
        chance: Callable[[], float],
    ) -> None:
        self.ended: Future[None] = Future()
        self.facts: dict[str, str | int | float] = {}
        self.connections = 0
        self._send_errors = 0
        self._told = ""
        self._settings = settings
        self._inbox = inbox
        self._loop = loop
        self._condition = condition
        self._pins = pins
        self._patience = patience
        self._now = now
        self._delays = Backoff(patience.first_delay, patience.longest_delay, chance)
        self._taking = Taking(settings.name, give=self._give, between=self._between, now=now)
        self._stopping = threading.Event()
        self._awake = threading.Event()
        self._hinted = threading.Event()
        self._direct: deque[str] = deque(maxlen=_MOST_DIRECT)
        self._slot = Slot()
        self._port: Port | None = None
        self._commands: Commands | None = None
        self._log = structlog.get_logger(part="sms", gateway=settings.name)
        name = f"modem {settings.name}"
        self._thread = threading.Thread(target=self._main, name=name, daemon=True)

    def start(self) -> None:
        """Begin, in a thread of its own."""
        self._thread.start()

    def stop(self) -> None:
        """Begin nothing new, and end."""
        self._stopping.set()
        self._awake.set()

    def join(self) -> None:
        """Wait for the thread, which has nothing left to do once `ended` is done."""
        self._thread.join()

    def cut(self) -> None:
        """Wait for no answer any more. What was given to the modem is unknown then."""
        if (port := self._port) is not None:
            port.cut()

    def offer(self, job: Job) -> bool:
        """Have a text sent, if the modem is there and does not send another one."""
        taken = self._slot.offer(job)
        self._awake.set()
        return taken

    @property
    def errors(self) -> int:
        """Texts that could not be sent, and faults of the storage, so far."""
        return self._taking.errors + self._send_errors

    def _main(self) -> None:
        try:
            while not self._stopping.is_set():
                self._one_connection()
        except BaseException as fault:  # `run` raises it
            self.ended.set_exception(fault)
        else:
            self.ended.set_result(None)

    def _one_connection(self) -> None:
        seen = self._candidates()
        try:
            try:
                self._connect(seen)
                self._work()
            finally:
                self._close()
        except PinSpent as trouble:
            self._condition.down(str(trouble))
            self._pause_for(self._patience.longest_delay, seen)
        except ModemTrouble as trouble:
            if not self._stopping.is_set():
                self._condition.down(str(trouble))
                if str(trouble) != self._told:
                    self._told = str(trouble)
                    self._log.warning("modem cannot be used", words=self._told)
                self._pause_for(self._delays.next_delay(), seen)

    def _candidates(self) -> list[str]:
        device = self._settings.device
        pattern = str(device.relative_to(device.anchor))
        return sorted(map(str, Path(device.anchor).glob(pattern)))

    def _connect(self, devices: list[str]) -> None:
        """Connect to the first that answers. Raises ModemTrouble."""
        trouble: ModemTrouble = PortGone(f"{self._settings.device} is not there: is it plugged in?")
        for device in devices:
            port = self._port = Port(
                device,
                self._settings.baud,
                pins=self._pins,
                patience=self._patience,
                ears=Ears(self._hint, self._came),
                pause=self._stopping.wait,
            )
            try:
                port.connect()
            except ModemTrouble as why:
                trouble = trouble if isinstance(trouble, PinSpent) else why
            else:
                self.connections += 1
                self.facts = {"port": device}
                self._commands = Commands(port, network=self._patience.network)
                return
            if self._stopping.is_set():
                break
        raise trouble

    def _close(self) -> None:
        self._slot.close(_GONE)
        self.facts = {}
        port, self._port, self._commands = self._port, None, None
        if port is not None:
            port.close()

    def _work(self) -> None:
        """Take in and send until told to stop. Raises ModemTrouble."""
        port, commands = self._port, self._commands
        assert port is not None
        assert commands is not None
        stores = commands.stores()
        sweep_at = facts_at = time.monotonic()
        while not self._stopping.is_set():
            self._awake.clear()
            port.check()
            self._send()
            if self._hinted.is_set() or time.monotonic() >= sweep_at:
                self._hinted.clear()
                self._sweep(commands, stores)
                sweep_at = time.monotonic() + self._settings.sweep
            if time.monotonic() >= facts_at:
                self.facts = self.facts | commands.facts()
                facts_at = time.monotonic() + self._patience.facts
            self._awake.wait(max(0.0, min(sweep_at, facts_at) - time.monotonic()))

    def _sweep(self, commands: Commands, stores: list[str]) -> None:
        clean = self._taking.sweep(commands, stores) and self._take_direct()
        self.facts = self.facts | commands.storage()
        self._slot.open()
        network = str(self.facts.get("network", ""))
        words = "" if clean else "not all that came in could be taken"
        self._condition.up(words or (network if network in NO_NETWORK else ""))
        self._delays.reset()
        self._told = ""

    def _take_direct(self) -> bool:
        while self._direct:
            if not self._give(read_pdu(self._direct[0], self._now())):
                return False
            self._direct.popleft()
        return True

    def _between(self) -> bool:
        self._send()
        return self._stopping.is_set()

    def _send(self) -> None:
        """Send what is offered. Raises ModemTrouble."""
        if self._commands is None or (job := self._slot.take()) is None:
            return
        sending = self._commands.send(job.submit)
        self._send_errors += not isinstance(sending.fate, Sent)
        self._slot.done()
        if sending.trouble is not None:  # whoever hears of the fate finds it down already
            self._slot.close(_GONE)
            self._condition.down(str(sending.trouble))
        job.fate.set_result(sending.fate)
        if sending.trouble is not None:
            raise sending.trouble

    def _give(self, came: Incoming | Report) -> bool:
        """Bring it to the inbox; True: it is durable."""
        if isinstance(came, Report):
            bringing = self._inbox.reported(came)
        else:
            bringing = self._inbox.received(came)
        taken = asyncio.run_coroutine_threadsafe(bringing, self._loop)
        try:
            taken.result(self._patience.inbox)
        except (LedgerError, TimeoutError, CancelledError) as why:
            taken.cancel()
            self._log.warning("text not taken, it stays in the modem", why=repr(why))
            return False
        return True

    def _hint(self) -> None:
        self._hinted.set()
        self._awake.set()

    def _came(self, raw: str) -> None:
        self._direct.append(raw)
        self._hint()

    def _pause_for(self, seconds: float, seen: list[str]) -> None:
        """Wait, but no longer than until another port is there, or one has gone."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            if self._stopping.wait(min(left, self._patience.look)) or self._candidates() != seen:
                return
