"""The parts of the lab's modem that outlive its power."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from lab.modem_faults import Faults
from lab.modem_network import Network, Sim, Stores


@dataclass(frozen=True, slots=True)
class Make:
    """What kind of modem it is.

    Arguments:
        maker: its answer to AT+CGMI.
        commands: its answer to AT+CLAC; empty: it knows no AT+CLAC.
        knows_tries: it can say how many PINs are left (AT+CPINR).
        stores_reports: else it refuses <ds>=2 of AT+CNMI, and says reports at once (+CDS).
        send_seconds: the time that the network takes for a text.
    """

    maker: str = "SIMCOM INCORPORATED"
    commands: tuple[str, ...] = ()
    knows_tries: bool = False
    stores_reports: bool = True
    send_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Inside:
    """SIM, storage, network, and what is wrong with it all.

    heard: what was said to it: commands, bodies that end in ^Z, and ESC.
    """

    make: Make
    sim: Sim
    stores: Stores
    network: Network
    faults: Faults
    heard: deque[str] = field(default_factory=lambda: deque(maxlen=5000))
