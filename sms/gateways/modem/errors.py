"""What can go wrong with a modem, but for the errors that it answers to a command."""

from __future__ import annotations

from sms.errors import SmsError


class ModemTrouble(SmsError):
    """The connection is of no more use: close it, and build it anew. The text says why."""


class Silent(ModemTrouble):
    """It did not answer in time."""


class PortGone(ModemTrouble):
    """The port cannot be opened, read or written."""


class Garbled(ModemTrouble):
    """It answered something that is no answer."""


class SimTrouble(ModemTrouble):
    """The SIM is missing, locked or broken."""


class PinSpent(SimTrouble):
    """The SIM refused the PIN: it is not tried again, as a third wrong one blocks the SIM."""
