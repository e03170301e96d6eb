"""How long the gateway waits for a modem."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Patience:
    """Times in seconds.

    Arguments:
        greeting: for the first answer, which is asked for three times.
        command: of silence within an answer; four times that for all of it.
        network: for the network to take a text.
        sim_busy: for a SIM that says that it is busy.
        step: between two tries at a busy SIM.
        quiet: of silence until old answers are all in.
        write: for the port to take what is written.
        inbox: for a text to be in the ledger.
        send: for all of a sending.
        facts: between two looks at signal and operator.
        stop: for what is under way when it ends.
        first_delay, longest_delay: before it is connected to again.
        look: between two looks whether a port is there.
    """

    greeting: float = 2.0
    command: float = 8.0
    network: float = 35.0
    sim_busy: float = 20.0
    step: float = 0.5
    quiet: float = 0.2
    write: float = 5.0
    inbox: float = 20.0
    send: float = 55.0
    facts: float = 30.0
    stop: float = 5.0
    first_delay: float = 1.0
    longest_delay: float = 60.0
    look: float = 1.0
