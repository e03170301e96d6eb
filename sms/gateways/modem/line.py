"""The serial line of python-gsmmodem-new, with the methods replaced that go wrong.

`exchange` says something and hears the answer; the reading thread tells answers from what the
modem says of its own accord.
"""

from __future__ import annotations

import re
import termios
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from sms.gateways.modem.errors import ModemTrouble, PortGone, Silent
from sms.gateways.modem.library import GsmModem
from sms.gateways.modem.replies import is_hex

_LONGEST_LINE = 4096  # bytes; a PDU has 352 at most
_RESULT = re.compile(r"(OK|ERROR|\+CM[ES] ERROR: ?.*|COMMAND NOT SUPPORT)$")
_HINT = ("+CMTI:", "+CDSI:")
_DIRECT = ("+CDS:", "+CMT:")  # the PDU is in the next line
_UNASKED = re.compile(r"RING$|NO CARRIER$|\+(CRING|CLIP|CUSD|CBM|CCWA|CTZV):|\^[A-Z]+:|\*PSUT")


@dataclass(frozen=True, slots=True)
class Ears:
    """Who hears of what the modem says of its own accord; called by the reading thread.

    Arguments:
        hint: it may have something new, or is gone.
        came: a PDU that it does not store.
    """

    hint: Callable[[], None]
    came: Callable[[str], None]


class Reply:
    """An answer as the reading thread finds it.

    prompt: the prompt for a PDU ends it too; then `prompted` says so.
    """

    def __init__(self, *, prompt: bool = False) -> None:
        self.lines: list[str] = []
        self.ended = threading.Event()
        self.prompt = prompt
        self.prompted = False

    def take(self, line: str) -> None:
        """The next line. What comes after the result, before anybody looks, is no part of it."""
        if not self.ended.is_set():
            self.lines.append(line)
            if _RESULT.match(line):
                self.ended.set()

    def take_prompt(self) -> bool:
        """The modem prompts. Returns whether that ends the answer."""
        if self.prompt and not self.ended.is_set():
            self.prompted = True
            self.ended.set()
        return self.prompted


class Line(GsmModem):  # type: ignore[misc]  # the library has no types
    """An open port; only the thread that made it may use it, but for `cut` and `close`.

    write_within: seconds for the port to take what is written.
    """

    def __init__(self, device: str, baud: int, *, ears: Ears, write_within: float) -> None:
        # Two programs on one port would read half of each answer.
        super().__init__(device, baud, exclusive=True, write_timeout=write_within)
        self.rxThread: threading.Thread | None = None
        self.serial: Any = None
        self._ears = ears
        self._reply: Reply | None = None
        self._trouble: ModemTrouble | None = None
        self._direct_follows = False
        self._unread = b""
        self._sound = threading.Event()

    def close(self) -> None:
        """End the reading thread and close the port, whatever their state.

        The library's fails in the reading thread itself, and before a port was opened.
        """
        self.alive = False
        if self.serial is None:
            return
        with suppress(OSError):
            self.serial.cancel_read()
        if self.rxThread is not None and self.rxThread is not threading.current_thread():
            self.rxThread.join()
        with suppress(OSError, termios.error):
            self.serial.reset_output_buffer()  # else the kernel waits for a modem that hangs
        with suppress(OSError):
            self.serial.close()

    def cut(self) -> None:
        """Have whoever waits for an answer wait no longer."""
        self._end(PortGone("the program ends"))

    def check(self) -> None:
        """Raise why nothing can be asked any more, if that is so.

        The library's `alive` stays True when its reading thread has died.
        """
        if self._trouble is not None:
            raise self._trouble
        if self.rxThread is None or not self.rxThread.is_alive():
            raise PortGone(f"nobody reads {self.port}")

    def put(self, data: bytes) -> None:
        """Write. Raises ModemTrouble; part of it may be written then."""
        self.check()
        try:
            self.serial.write(data)
        except (OSError, TypeError) as why:  # TypeError: closed
            raise self.give_up(PortGone(f"cannot write to {self.port}: {why}")) from why

    def exchange(self, data: bytes, silence: float, *, prompt: bool = False) -> Reply:
        """Write, and hear the answer.

        Arguments:
            silence: seconds that it may be silent in between; four times that in all.
            prompt: the answer may be the prompt for a PDU.

        Raises:
            ModemTrouble: it did not answer, or is gone.
        """
        reply = self._reply = Reply(prompt=prompt)
        try:
            self.put(data)
            heard = 0
            until = time.monotonic() + 4 * silence
            while not reply.ended.wait(silence):
                if heard == len(reply.lines) or time.monotonic() > until:
                    words = f"the modem did not answer within {silence:g} s"
                    raise self.give_up(Silent(words))
                heard = len(reply.lines)
        finally:
            self._reply = None
        if not reply.prompted and not (reply.lines and _RESULT.match(reply.lines[-1])):
            raise self._trouble or PortGone(f"{self.port} is gone")  # that is what ended it
        return reply

    def give_up(self, trouble: ModemTrouble) -> ModemTrouble:
        """What comes now may be the answer to something else: nothing is asked any more."""
        self._trouble = self._trouble or trouble
        return trouble

    def begin_again(self) -> None:
        """Ask again after all, as before anything was answered."""
        self._trouble = None

    def is_quiet(self, seconds: float) -> bool:
        """Whether nothing comes for so long."""
        self._sound.clear()
        return not self._sound.wait(seconds)

    def _readLoop(self) -> None:  # noqa: N802 - the library's name
        """The library's dies of a line that is no UTF-8, and is still `alive` then."""
        trouble = PortGone(f"{self.port} was closed")
        try:
            while self.alive:
                data = self.serial.read(1)
                if data:
                    self._take(data + self.serial.read(self.serial.in_waiting))
        except (OSError, TypeError):  # TypeError: closed meanwhile
            trouble = PortGone(f"{self.port} is gone: was it pulled out?")
        finally:
            self.alive = False
            self._end(trouble)

    def _handleLineRead(self, line: str, *_: object) -> None:  # noqa: N802 - the library's name
        """The library's takes a +CMTI within an answer for part of it, and the second of two
        in one burst for part of the first.
        """
        if self._direct_follows:
            self._direct_follows = False
            if is_hex(line):
                self._ears.came(line.upper())
                return
        if line.startswith(_DIRECT):
            self._direct_follows = True
        elif line.startswith(_HINT):
            self._ears.hint()
        elif not _UNASKED.match(line) and (reply := self._reply) is not None:
            reply.take(line)

    def _take(self, data: bytes) -> None:
        self._sound.set()
        *lines, self._unread = (self._unread + data).split(b"\n")
        for line in lines:
            if text := line.decode("utf-8", "replace").strip("\r\0 "):
                self._handleLineRead(text)
        reply = self._reply
        if reply is not None and self._unread.strip(b"\r ") == b">" and reply.take_prompt():
            self._unread = b""
        self._unread = self._unread[-_LONGEST_LINE:]

    def _end(self, trouble: ModemTrouble) -> None:
        self.give_up(trouble)
        if (reply := self._reply) is not None:
            reply.ended.set()
        self._ears.hint()
