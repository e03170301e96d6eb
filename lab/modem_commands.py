"""The lab modem's answers to commands, as captured of real ones (3GPP TS 27.005 and 27.007)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from lab.modem_inside import Inside
from lab.modem_pdu import tpdu_octets

NO_SIM_YET = "+CMS ERROR: 311"
_ERROR = "ERROR"

_ANSWERS = {
    "AT": (),
    "AT+CFUN?": ("+CFUN: 1",),
    "AT+CSCS=?": ('+CSCS: ("IRA","GSM","UCS2")',),
    "AT+CSQ": ("+CSQ: 21,0",),
    "AT+CREG?": ("+CREG: 0,1",),
    "AT+COPS?": ('+COPS: 0,0,"LABNET"',),
    "AT+CGMM": ("LAB-1",),
    "AT+CGMR": ("1.0",),
    "AT+CGSN": ("490154203237518",),
}
_SIM_ANSWERS = {"AT+CSCA?": ('+CSCA: "+4917222270000",145',)}
_STATES = {"0": (False,), "1": (True,), "4": (False, True)}

Answer = Sequence[str] | str
"""Lines before OK, or the line of an error."""


class Commands:
    """One modem's answers from power on.

    Arguments:
        inside: its parts.
    """

    def __init__(self, inside: Inside) -> None:
        self.echo = True
        self.memories = ["ME", "ME", "ME"]
        self.reports_by = 0
        """<ds> of AT+CNMI: 1 is +CDS, 2 is stored and +CDSI."""
        self._inside = inside
        self._known: Mapping[str, Callable[[re.Match[str]], Answer]] = {
            r"AT[EZ]([01]?)": self._set_echo,
            r"AT\+CGMI": lambda _: [inside.make.maker],
            r"AT\+CLAC": lambda _: inside.make.commands or _ERROR,
            r"AT\+(CFUN|CMEE|COPS|CSCS|CMGF|CLIP|CRC|CVHU|DDET)=[^?]*": lambda _: (),
            r"AT\+CPIN\?": lambda _: [f"+CPIN: {inside.sim.state}"],
            r'AT\+CPIN="?(\d+)"?': self._enter_pin,
            r'AT\+CPINR="SIM PIN"': self._tell_tries,
        }
        self._known_with_sim: Mapping[str, Callable[[re.Match[str]], Answer]] = {
            r"AT\+(CSCA|CSMP)=[^?]*": lambda _: (),
            r"AT\+CPMS=\?": self._tell_memories,
            r"AT\+CPMS=([^?].*)": self._choose_memories,
            r"AT\+CNMI=\d(?:,(\d))?(?:,\d)?(?:,(\d))?(?:,\d)?": self._route,
            r"AT\+CMGL=([014])": self._list,
            r"AT\+CMGR=(\d+)": self._read,
            r"AT\+CMGD=(\d+)(?:,0)?": self._delete,
        }

    def answer(self, command: str) -> Answer:
        """Do what a command says, and answer it."""
        if command in _ANSWERS:
            return _ANSWERS[command]
        if (answer := _look_up(self._known, command)) is not None:
            return answer
        answer = _SIM_ANSWERS.get(command)
        if answer is not None or any(re.fullmatch(it, command) for it in self._known_with_sim):
            if not self._inside.sim.open:
                return NO_SIM_YET
            return answer or _look_up(self._known_with_sim, command) or ()
        return _ERROR

    def _set_echo(self, said: re.Match[str]) -> Answer:
        self.echo = said[1] != "0"
        return ()

    def _enter_pin(self, said: re.Match[str]) -> Answer:
        sim = self._inside.sim
        if sim.enter(said[1]):
            return ()
        return "+CME ERROR: 16" if sim.tries_left else "+CME ERROR: 12"

    def _tell_tries(self, _: re.Match[str]) -> Answer:
        if not self._inside.make.knows_tries:
            return _ERROR
        return [f"+CPINR: SIM PIN,{self._inside.sim.tries_left},3"]

    def _tell_memories(self, _: re.Match[str]) -> Answer:
        names = ",".join(f'"{name}"' for name in self._inside.stores.names)
        return ["+CPMS: " + ",".join([f"({names})"] * 3)]

    def _choose_memories(self, said: re.Match[str]) -> Answer:
        stores = self._inside.stores
        names = re.findall(r'"(\w+)"', said[1])
        if not names or not set(names) <= set(stores.names):
            return "+CMS ERROR: 302"
        self.memories[: len(names)] = names
        counts = (f"{len(stores.texts(name))},{stores.size}" for name in self.memories)
        return ["+CPMS: " + ",".join(counts)]

    def _route(self, said: re.Match[str]) -> Answer:
        wanted = int(said[2] or 0)
        if wanted == 2 and not self._inside.make.stores_reports:
            return "+CMS ERROR: 303"
        self.reports_by = wanted
        return ()

    def _list(self, said: re.Match[str]) -> Answer:
        lines = []
        for text in self._inside.stores.texts(self.memories[0]):
            if text.read in _STATES[said[1]]:
                length = _length(text.pdu)
                lines.append(f"+CMGL: {text.index},{int(text.read)},,{length}\r\n{text.pdu}")
                text.read = True
        return lines

    def _read(self, said: re.Match[str]) -> Answer:
        text = self._inside.stores.at(self.memories[0], int(said[1]))
        if text is None:
            return ()
        was_read, text.read = text.read, True
        return [f"+CMGR: {int(was_read)},,{_length(text.pdu)}\r\n{text.pdu}"]

    def _delete(self, said: re.Match[str]) -> Answer:
        index = int(said[1])
        if index >= self._inside.stores.size:
            return "+CMS ERROR: 321"
        self._inside.stores.remove(self.memories[0], index)
        return ()


def _look_up(known: Mapping[str, Callable[[re.Match[str]], Answer]], command: str) -> Answer | None:
    for pattern, do in known.items():
        if said := re.fullmatch(pattern, command):
            return do(said)
    return None


def _length(pdu: str) -> int:
    try:
        return tpdu_octets(pdu)
    except ValueError:
        return len(pdu) // 2
