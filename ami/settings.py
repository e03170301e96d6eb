"""How to reach Asterisk's manager interface, and how the connection is doing."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class AmiSettings:
    """Where Asterisk is, who we are there, and how patient we are. All times in seconds.

    ping_interval: a link that is silent is found within two of these.
    action_timeout: for one action, the wait for a link included.
    boot_grace: how long after the log-in FullyBooted is waited for, before the state is asked
    anew without it (the account's mask may lack `system`).
    events: False for an account that only asks.
    reconnect: False for a command that asks once and tells a person what is wrong.
    """

    host: str
    port: int
    username: str
    secret: str = field(repr=False)
    ping_interval: float = 10.0
    action_timeout: float = 10.0
    connect_timeout: float = 10.0
    reconnect_first: float = 1.0
    reconnect_longest: float = 60.0
    boot_grace: float = 1.0
    events: bool = True
    reconnect: bool = True

    @property
    def where(self) -> str:
        """Host and port, for messages."""
        return f"{self.host}:{self.port}"


class LinkState(StrEnum):
    """What the connection is doing."""

    STOPPED = "stopped"
    CONNECTING = "connecting"
    CONNECTED = "connected"
    WAITING = "waiting"  # until the next try
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class ConnectionStatus:
    """The connection at one moment, for `voxpost status` and the metrics.

    since: when the state was entered. reconnects: log-ins after the first one.
    events_dropped: those that a handler was too slow for, and packets too long to be read.
    ami_version: as in Asterisk's banner, `11.0.0`; it tells asterisk_version, `22`.
    """

    state: LinkState
    since: datetime
    ami_version: str
    asterisk_version: str
    last_error: str
    reconnects: int
    events_seen: int
    events_dropped: int
    handler_errors: int


def asterisk_of(ami_version: str) -> str:
    """The Asterisk release that speaks an AMI version: 5.0.4 is 16's, 11.0.0 is 22's."""
    major = ami_version.partition(".")[0]
    # One AMI major a release since Asterisk 16.
    return str(int(major) + 11) if major.isdecimal() and int(major) >= 5 else ""
