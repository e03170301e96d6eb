"""The AT dialogue of the lab's modem, from power on (3GPP TS 27.005 and 27.007)."""

from __future__ import annotations

import asyncio
import re
from typing import Protocol

from lab.modem_commands import NO_SIM_YET, Commands
from lab.modem_faults import GARBAGE, Fault, Stage, What
from lab.modem_inside import Inside
from lab.modem_pdu import tpdu_octets

CTRL_Z, ESC = b"\x1a", b"\x1b"


class Host(Protocol):
    """What the dialogue needs of the modem around it."""

    def say(self, data: bytes) -> None: ...

    def hang(self, seconds: float | None) -> None: ...

    def unplug(self) -> None: ...


class Dialogue:
    """One command after another, each with its answer; a text's number in between.

    Made anew at each power on.
    """

    def __init__(self, inside: Inside, host: Host) -> None:
        self._inside = inside
        self._host = host
        self._buffer = b""
        self._news = asyncio.Event()
        self._commands = Commands(inside)
        self._announced: int | None = None  # octets that AT+CMGS announced
        self._put_off: list[bytes] = []  # to be said within the next answer

    def feed(self, data: bytes) -> None:
        """What the far end wrote."""
        self._buffer += data
        self._news.set()

    def announce(self, *, inside: bool = False) -> None:
        """Store what the network brought, as far as there is room, and say so.

        inside: not now, but in the middle of the next answer.
        """
        news = [
            f'\r\n{"+CDSI" if _is_report(pdu) else "+CMTI"}: "{store}",{index}\r\n'.encode()
            for store, index, pdu in self._inside.network.fill()
        ]
        if inside:
            self._put_off += news
        elif news:
            self._host.say(b"".join(news))

    async def run(self) -> None:
        """Answer until cancelled."""
        while True:
            said = await self._next()
            if self._announced is not None:
                await self._body(said)
            elif command := said.strip(b"\x1b\r\n\x00 ").decode("ascii", "replace"):
                self._inside.heard.append(command)
                if self._commands.echo:
                    self._host.say(command.encode() + b"\r")
                self._command(command)
            await self._tell()

    async def _tell(self) -> None:
        changed = self._inside.network.changed
        async with changed:
            changed.notify_all()

    async def _next(self) -> bytes:
        while True:
            ends = rb"[\x1a\x1b]" if self._announced is not None else rb"\r"
            if found := re.search(ends, self._buffer):
                said, self._buffer = self._buffer[: found.end()], self._buffer[found.end() :]
                return said
            self._news.clear()
            await self._news.wait()

    def _command(self, command: str) -> None:
        fault = self._inside.faults.next(Stage.COMMAND)
        if fault is not None:
            self._misbehave(fault)
        elif command.startswith("AT+CMGS="):
            self._prompt(command)
        else:
            answer = self._commands.answer(command)
            self.announce(inside=True)  # a text deleted makes room for one that waits
            if isinstance(answer, str):
                self._end(answer)
            else:
                self._end("OK", *answer)

    def _prompt(self, command: str) -> None:
        fault = self._inside.faults.next(Stage.PROMPT)
        length = command.partition("=")[2]
        if fault is not None:
            self._misbehave(fault)
        elif not self._inside.sim.open:
            self._end(NO_SIM_YET)
        elif not length.isdigit():
            self._end("+CMS ERROR: 304")
        else:
            self._announced = int(length)
            self._host.say(self._take_put_off() + b"\r\n> ")

    async def _body(self, said: bytes) -> None:
        announced, self._announced = self._announced, None
        self._inside.heard.append("ESC" if said.endswith(ESC) else _shown(said))
        if said.endswith(ESC):
            self._end("OK")
            return
        fault = self._inside.faults.next(Stage.PDU)
        pdu = said[:-1].decode("ascii", "replace").strip().upper()
        if fault is not None and fault.what is What.REFUSE:
            self._end(fault.answer)
            return
        try:
            if tpdu_octets(pdu) != announced:
                raise ValueError("not of the announced length")  # noqa: TRY301
            reference, report = self._inside.network.take(pdu)
        except ValueError:
            self._end("+CMS ERROR: 304")
            return
        await self._tell()
        if fault is not None:
            self._misbehave(fault)
        else:
            await asyncio.sleep(self._inside.make.send_seconds)
            self._end("OK", f"+CMGS: {reference}")
        if report is not None:
            self._report(report)

    def _report(self, report: str) -> None:
        if self._commands.reports_by == 1:
            self._host.say(f"\r\n+CDS: {tpdu_octets(report)}\r\n{report}\r\n".encode())
        elif self._commands.reports_by == 2:
            self._inside.network.bring(self._commands.memories[2], report)
            self.announce()

    def _misbehave(self, fault: Fault) -> None:
        match fault.what:
            case What.REFUSE:
                self._end(fault.answer)
            case What.LOSE:
                pass
            case What.HANG:
                self._host.hang(None)
            case What.UNPLUG:
                self._host.unplug()
            case What.GARBAGE:
                self._host.say(GARBAGE)

    def _end(self, result: str, *lines: str) -> None:
        before = b"".join(f"\r\n{line}\r\n".encode() for line in lines)
        self._host.say(before + self._take_put_off() + f"\r\n{result}\r\n".encode())

    def _take_put_off(self) -> bytes:
        news, self._put_off = b"".join(self._put_off), []
        return news


def _shown(said: bytes) -> str:
    return said[:-1].decode("ascii", "replace") + "^Z"


def _is_report(pdu: str) -> bool:
    try:
        octets = bytes.fromhex(pdu)
        return octets[1 + octets[0]] & 0b11 == 0b10
    except (ValueError, IndexError):
        return False
