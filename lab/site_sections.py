"""Sections that the site files of the lab share."""

from __future__ import annotations

from lab.accounts import MailUser
from lab.asterisk import PrivateAsterisk
from lab.phone import Login
from lab.ports import LOOPBACK, AsteriskPorts, PortFinder
from lab.zimbra_like import ZimbraLike

DOMAIN = "lab.example"


def head(http_port: int) -> str:
    """`[site]` and `[service]`; voxpost's state lies beside the site file."""
    return f"""\
[site]
name = "Klinik Sehat"
domain = "{DOMAIN}"

[service]
state_dir = "state"
http_port = {http_port}
"""


def no_asterisk_section(finder: PortFinder) -> str:
    """`[asterisk]` where there is none: nobody listens on its ports, and its spool is empty."""
    return f"""\
[asterisk]
spool_dir = "asterisk"
ami = {{ port = {finder.one()}, secret = "ami-secret-1", apply_secret = "ami-secret-2" }}
agi = {{ port = {finder.one()} }}
"""


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


def mailbox_section(extension: str, after_delivery: str) -> str:
    """`[[people]]`: one with a mailbox, and the mail account EXTENSION@lab.example."""
    return f"""\
[[people]]
extension = "{extension}"
name = "Person {extension}"
email = "{extension}@{DOMAIN}"
voicemail = {{ pin = "4321", after_delivery = "{after_delivery}" }}
"""


def caller_section(login: Login) -> str:
    """`[[people]]`: one who only calls, from the telephone "phone-EXTENSION"."""
    return f"""\
[[people]]
extension = "{login.username.removeprefix("phone-")}"
name = "José Ñandú"
voicemail = false
phone = {{ password = "{login.password}" }}
"""
