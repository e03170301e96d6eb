"""Sections of a site file that name the ports and folders of the lab's servers."""

from __future__ import annotations

from lab.accounts import MailUser
from lab.asterisk import PrivateAsterisk
from lab.ports import LOOPBACK, AsteriskPorts
from lab.zimbra_like import ZimbraLike


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


def submission_table(mail: ZimbraLike, account: MailUser) -> str:
    """mail.smtp as an inline table: STARTTLS and a password."""
    return (
        f'{{ host = "{LOOPBACK}", port = {mail.ports.submission}, security = "starttls", '
        f'username = "{account.address}", password = "{account.password}", '
        f'ca_file = "{mail.certificates.ca_file}" }}'
    )


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
