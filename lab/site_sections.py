"""Sections of a site file that name the ports and folders of a private Asterisk."""

from __future__ import annotations

from lab.asterisk import PrivateAsterisk
from lab.ports import LOOPBACK, AsteriskPorts


def asterisk_section(asterisk: PrivateAsterisk, version: int | str, secrets: str) -> str:
    """`[asterisk]`. secrets: the keys of the manager's two secrets, as TOML."""
    ports = asterisk.ports
    return f"""\
[asterisk]
version = {version}
config_dir = "{asterisk.etc_dir}"
spool_dir = "{asterisk.spool_dir}"
log_dir = "{asterisk.run_dir / "log"}"
ami = {{ port = {ports.ami}, {secrets} }}
agi = {{ port = {ports.agi} }}
"""


def phones_section(ports: AsteriskPorts) -> str:
    """`[phones]`, on loopback."""
    return f"""\
[phones]
bind = "{LOOPBACK}"
udp_port = {ports.sip}
tcp_port = {ports.sip}
http_port = {ports.http}
rtp_first = {ports.rtp_first}
rtp_last = {ports.rtp_last}
"""
