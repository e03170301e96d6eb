"""A modem's port: its commands and errors, over the line.

The library's `connect` initialises the modem, by `write`; all else goes through `ask` and `prompt`.
"""

from __future__ import annotations

import re
import termios
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

from sms.gateways.modem.errors import Garbled, PortGone, Silent, SimTrouble
from sms.gateways.modem.library import CmeError, CmsError, CommandError
from sms.gateways.modem.line import Ears, Line
from sms.gateways.modem.patience import Patience
from sms.gateways.modem.pins import Pins
from sms.gateways.modem.sim import shown, unlock

ESC, CTRL_Z = b"\x1b", b"\x1a"
_GREETINGS = 3
_QUIET_TRIES = 10
_NUMBERED = re.compile(r"\+(CM[ES]) ERROR: ?(\d+)")
_BUSY = {("CME", 14), ("CMS", 314), ("CME", 515), ("CMS", 515)}


class Port(Line):
    """One connection to a modem.

    pause: sleeps so many seconds; True when all is to end.
    """

    def __init__(
        self,
        device: str,
        baud: int,
        *,
        pins: Pins,
        patience: Patience,
        ears: Ears,
        pause: Callable[[float], bool],
    ) -> None:
        super().__init__(device, baud, ears=ears, write_within=patience.write)
        self._pins = pins
        self._patience = patience
        self._pause = pause
        self._greeted = False

    def connect(self, *_: object) -> None:
        """Open the port, and initialise modem and SIM.

        The library's leaves the port open and its thread running when the modem does not answer.

        Raises:
            ModemTrouble: it is of no use as it is.
        """
        try:
            self._connect()
        except BaseException:
            self.close()
            raise

    def ask(self, command: str) -> list[str]:
        """Say a command, and return the lines of its answer. A busy SIM is waited for.

        The library repeats without limit while the SIM is busy, and logs PINs.

        Raises:
            CommandError: it answered with an error.
            ModemTrouble: it did not answer, or the SIM stays busy.
        """
        for _ in range(self._tries):
            lines = self.exchange(command.encode() + b"\r", self._patience.command).lines
            error = error_in(command, lines)
            if error is None:
                return lines
            if (error.type, error.code) not in _BUSY:
                raise error
            if self._pause(self._patience.step):
                break
        raise self.give_up(SimTrouble("the SIM stays busy"))

    def prompt(self, command: str) -> None:
        """Say a command that the modem answers with its prompt.

        Raises:
            CommandError: it answered with an error.
            ModemTrouble: no prompt came.
        """
        reply = self.exchange(command.encode() + b"\r", self._patience.command, prompt=True)
        if not reply.prompted:
            error = error_in(command, reply.lines)
            raise error or self.give_up(Garbled("no prompt for the text's PDU"))

    def escape(self) -> None:
        """Leave the prompt, should the modem be there: nothing is sent (27.005, 3.5.1)."""
        with suppress(OSError, TypeError):
            self.serial.write(ESC)

    def write(self, data: str, *_: object, **options: Any) -> list[str]:
        """What the library calls to say a command. Its own time-outs are too long."""
        if not self._greeted:
            self._greeted = True
            self._greet()
        try:
            return self.ask(data)
        except CommandError:
            if options.get("parseError", True):
                raise
            return ["ERROR"]

    def _connect(self) -> None:
        try:
            super().connect()
        except (OSError, termios.error) as why:  # SerialException is an OSError
            raise PortGone(f"cannot open {self.port}: {why}") from why
        except CommandError as why:
            raise Garbled(f"the modem cannot be initialised: {shown(why)}") from None
        except (AttributeError, IndexError, TypeError, ValueError) as why:  # how the library parses
            raise Garbled(f"the modem's answers make no sense: {why}") from why
        self.check()  # the library goes on after what it takes for an unknown command

    def _greet(self) -> None:
        """Have it listen: it may be at the prompt of a text that was never finished."""
        for _ in range(_GREETINGS - 1):
            with suppress(Silent):
                self._call()
                return
            if self._pause(0):
                break
            self.begin_again()
        self._call()

    def _call(self) -> None:
        self.escape()
        for _ in range(_QUIET_TRIES):
            if self.is_quiet(self._patience.quiet):  # all old answers are in
                break
        self.exchange(b"AT\r", self._patience.greeting)

    def _unlockSim(self, *_: object) -> None:  # noqa: N802 - the library's name
        """The library's would tell the PIN to a SIM that wants its PUK, and again and again."""
        tries = iter(range(self._tries))

        def wait() -> bool:
            return next(tries, None) is not None and not self._pause(self._patience.step)

        unlock(self.ask, self._pins, wait)

    @property
    def _tries(self) -> int:
        return max(1, int(self._patience.sim_busy / self._patience.step))


def error_in(command: str, lines: Sequence[str]) -> CommandError | None:
    """The error that an answer ends with; None: it ends well."""
    if lines[-1] == "OK":
        return None
    if numbered := _NUMBERED.match(lines[-1]):
        kind = CmeError if numbered[1] == "CME" else CmsError
        return kind(command, int(numbered[2]))
    return CommandError(command)
