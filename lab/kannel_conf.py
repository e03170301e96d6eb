"""The configuration of the private Kannel: that of the documents, with fakesmsc for an operator."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from lab.ports import LOOPBACK, PortFinder

USERNAME = "voxpost"
PASSWORD = "kannel-password"
SMSC_OUT, SMSC_IN = "out", "in"
BOX_ID = "voxpost"


@dataclass(frozen=True)
class KannelPorts:
    """The ports of one private Kannel. smsc_out, smsc_in: where fakesmsc connects."""

    admin: int
    smsbox: int
    sendsms: int
    smsc_out: int
    smsc_in: int

    @classmethod
    def pick(cls, finder: PortFinder) -> KannelPorts:
        return cls(finder.one(), finder.one(), finder.one(), finder.one(), finder.one())


def configuration(folder: Path, ports: KannelPorts, incoming_url: str | None) -> str:
    """The text of kannel.conf (User's Guide 1.4.5).

    Arguments:
        folder: holds the folders `store` and `dlr`.
        incoming_url: gets all texts that come in; None: the box BOX_ID gets them.
    """
    way_in = _box() if incoming_url is None else _smsbox(ports, incoming_url)
    return f"""\
group = core
admin-port = {ports.admin}
admin-interface = {LOOPBACK}
admin-password = {PASSWORD}
smsbox-port = {ports.smsbox}
smsbox-interface = {LOOPBACK}
box-allow-ip = {LOOPBACK}
store-type = spool
store-location = "{folder}/store"
dlr-storage = spool
dlr-spool = "{folder}/dlr"
sms-combine-concatenated-mo = false

{way_in}
group = smsc
smsc = fake
smsc-id = {SMSC_OUT}
port = {ports.smsc_out}
our-host = {LOOPBACK}
connect-allow-ip = {LOOPBACK}

group = smsc
smsc = fake
smsc-id = {SMSC_IN}
port = {ports.smsc_in}
our-host = {LOOPBACK}
connect-allow-ip = {LOOPBACK}
allowed-smsc-id = {SMSC_IN}
"""


def _box() -> str:
    # bearerbox does not start without a group smsbox, though none is there.
    return f"""\
group = smsbox
smsbox-id = {BOX_ID}

group = smsbox-route
smsbox-id = {BOX_ID}
smsc-id = {SMSC_IN}
"""


def _smsbox(ports: KannelPorts, incoming_url: str) -> str:
    return f"""\
group = smsbox
bearerbox-host = {LOOPBACK}
sendsms-port = {ports.sendsms}
sendsms-interface = {LOOPBACK}
http-request-retry = 100000
http-queue-delay = 1

group = sendsms-user
username = {USERNAME}
password = {PASSWORD}
user-allow-ip = {LOOPBACK}

group = sms-service
keyword = default
catch-all = true
max-messages = 0
omit-empty = true
get-url = "{incoming_url}"
"""
