"""The lab's GSM modem, its SIM and network, as a program: `python -m lab.modem --link PATH ...`

It speaks AT over a pseudo terminal that the link leads to, and obeys a control socket
(lab/modem_control.py). lab/modem_client.py starts it and talks to it.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import socket
from pathlib import Path

from lab.modem_control import serve_control
from lab.modem_dialogue import Dialogue
from lab.modem_faults import Faults
from lab.modem_inside import Inside, Make
from lab.modem_line import Line
from lab.modem_network import Network, Sim, Stores


class SimulatedModem:
    """The modem from outside: its cable, its power, and what the network brings.

    link: the name that its port has.
    """

    def __init__(self, inside: Inside, link: Path) -> None:
        self.inside = inside
        self.link = link
        self.hanging = False
        self.unheard = 0  # bytes that came while it hung
        self.line = Line(self._heard)
        self._dialogue: Dialogue | None = None
        self._running: asyncio.Task[None] | None = None
        self._waking: asyncio.TimerHandle | None = None

    def plug(self, link: Path | None = None) -> None:
        """Put it in, under another name where one is given; it starts anew."""
        self.unplug()
        self.link = link or self.link
        self.hanging = False
        self.inside.sim.power_on()
        self._dialogue = Dialogue(self.inside, self)
        self._running = asyncio.create_task(self._dialogue.run())
        self.line.plug(self.link)

    def unplug(self) -> None:
        """Pull it out: the port hangs up, the link is gone, the SIM and its texts stay."""
        self.line.unplug()
        self._dialogue = None
        if self._running is not None:
            self._running.cancel()

    def hang(self, seconds: float | None) -> None:
        """Neither hear nor say anything for so long, or until told to wake."""
        self.hanging = True
        if self._waking is not None:
            self._waking.cancel()
        if seconds is not None:
            self._waking = asyncio.get_running_loop().call_later(seconds, self.wake)

    def wake(self) -> None:
        self.hanging = False

    def say(self, data: bytes) -> None:
        if not self.hanging:
            self.line.say(data)

    def bring(self, store: str, pdus: list[str], *, inside: bool) -> None:
        """Let texts come from the network; what the modem says of them is one burst.

        inside: it says so in the middle of its next answer.
        """
        for pdu in pdus:
            self.inside.network.bring(store, pdu)
        if self._dialogue is not None:
            self._dialogue.announce(inside=inside)

    async def close(self) -> None:
        self.unplug()
        if self._waking is not None:
            self._waking.cancel()
        if self._running is not None:
            await asyncio.gather(self._running, return_exceptions=True)

    def _heard(self, data: bytes) -> None:
        if self.hanging:
            self.unheard += len(data)
        elif self._dialogue is not None:
            self._dialogue.feed(data)


def main() -> None:
    """Run until SIGTERM."""
    parser = argparse.ArgumentParser(prog="python -m lab.modem", description=__doc__)
    parser.add_argument("--link", type=Path, required=True, help="the port's name")
    parser.add_argument("--control", type=Path, required=True, help="unix socket to be told by")
    parser.add_argument("--record", type=Path, required=True, help="texts that were sent, as JSON")
    parser.add_argument("--pin", help="PIN that the SIM wants")
    parser.add_argument("--storage", type=int, default=23, help="texts in ME, and in SM")
    parser.add_argument("--maker", default=Make().maker, help="answer to AT+CGMI")
    parser.add_argument("--commands", default="", help="answer to AT+CLAC: +CSCS,+CMGF,...")
    parser.add_argument("--knows-tries", action="store_true", help="answer AT+CPINR")
    parser.add_argument("--says-reports", action="store_true", help="+CDS, and never +CDSI")
    parser.add_argument("--send-seconds", type=float, default=0.0, help="time to send a text")
    asyncio.run(_run(parser.parse_args()))


async def _run(options: argparse.Namespace) -> None:
    commands = tuple(filter(None, options.commands.split(",")))
    stores = Stores(options.storage)
    inside = Inside(
        Make(
            maker=options.maker,
            commands=commands,
            knows_tries=options.knows_tries,
            stores_reports=not options.says_reports,
            send_seconds=options.send_seconds,
        ),
        Sim(options.pin),
        stores,
        Network(stores, options.record),
        Faults(),
    )
    modem = SimulatedModem(inside, options.link)
    told = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, told.set)
    modem.plug()
    try:
        async with serve_control(modem, options.control):
            _say_ready()
            await told.wait()
    finally:
        await modem.close()


def _say_ready() -> None:
    address = os.environ.get("NOTIFY_SOCKET")
    if address:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notice:
            notice.sendto(b"READY=1", address)


if __name__ == "__main__":
    main()
