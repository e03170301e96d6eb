"""Unlocks a SIM, as the library should: a SIM that wants its PUK is told no PIN."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

from sms.gateways.modem.errors import Garbled, SimTrouble
from sms.gateways.modem.library import CommandError
from sms.gateways.modem.pins import Pins
from sms.gateways.modem.replies import read_sim, read_tries

_WRONG_PIN = {None, 11, 12, 16}  # +CME ERROR; a bare ERROR may be one

Ask = Callable[[str], list[str]]


def unlock(ask: Ask, pins: Pins, wait: Callable[[], bool]) -> None:
    """Have the SIM ready.

    Arguments:
        ask: says a command, as Port.ask.
        wait: waits a moment for a SIM that has just got its PIN; False: long enough.

    Raises:
        ModemTrouble: it is not, and says why.
    """
    state = _state(ask)
    if state == "SIM PIN":
        _enter(ask, pins)
        state = _state(ask)
        while state != "READY" and wait():
            state = _state(ask)
    if state != "READY":
        raise SimTrouble(f"the SIM wants {state}: put it into a phone, and enter that there")


def shown(error: CommandError) -> str:
    """An error without its command, which may hold a PIN."""
    return "ERROR" if error.type is None else f"+{error.type} ERROR: {error.code}"


def _state(ask: Ask) -> str:
    try:
        state = read_sim(ask("AT+CPIN?"))
    except CommandError as error:
        raise SimTrouble(f"no SIM that works: {shown(error)}") from None
    if state is None:
        raise Garbled("the modem does not say what the SIM waits for")
    return state


def _enter(ask: Ask, pins: Pins) -> None:
    pin = pins.read()
    with suppress(CommandError):  # many modems cannot say it
        if read_tries(ask('AT+CPINR="SIM PIN"')) == 1:
            raise SimTrouble(
                "one wrong PIN more blocks the SIM: put it into a phone, and enter it there"
            )
    pins.trying(pin)
    try:
        ask(f'AT+CPIN="{pin}"')
    except CommandError as error:
        if error.code not in _WRONG_PIN:
            pins.not_tried(pin)
            raise SimTrouble(f"no SIM that works: {shown(error)}") from None
        pins.refused(pin)
        pins.read()
    pins.accepted(pin)
