"""The site whose texts are tried: a simulated modem, voxpost, Postfix and Dovecot."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from lab.accounts import MailUser
from lab.mail_ports import MailPorts
from lab.modem_client import ModemControl, simulated_modem
from lab.ports import PortFinder
from lab.processes import Child
from lab.zimbra_like import ZimbraLike

DOMAIN = "lab.example"
SMS_DOMAIN = f"sms.{DOMAIN}"
DESK = f"desk@{DOMAIN}"
WRITER = f"sari@{DOMAIN}"
VOXPOST = (sys.executable, "-m", "cli")


@dataclass
class TextsSite:
    """Everything but voxpost, which is started and killed from outside."""

    folder: Path
    modem: ModemControl
    mail: ZimbraLike
    lmtp_port: int
    callback_port: int

    @property
    def file(self) -> Path:
        """The site file."""
        return self.folder / "site.toml"

    @property
    def log_file(self) -> Path:
        """What all of voxpost's lives logged."""
        return self.folder / "voxpost.log"

    @property
    def ledger(self) -> Path:
        return self.folder / "state/ledger.sqlite"

    @property
    def command(self) -> list[str]:
        return [*VOXPOST, "run", "--site", str(self.file)]

    def start_voxpost(self) -> Child:
        return Child("voxpost", self.command, self.log_file)


@asynccontextmanager
async def texts_site(
    folder: Path, finder: PortFinder, *, gateways: str = ""
) -> AsyncIterator[TextsSite]:
    """Set it up, run it, end it. Raises LabError.

    The mail server brings what is for the sub-domain to voxpost, by LMTP.

    Arguments:
        folder: new, with a short path, and others may enter.
        gateways: their sections, before the modem's.
    """
    users = [MailUser(address, "account-password") for address in (DESK, WRITER)]
    mail = ZimbraLike(folder / "mail", MailPorts.pick(finder), users, one_at_a_time=True)
    lmtp, http, callbacks, ami, agi = (finder.one() for _ in range(5))
    async with mail, simulated_modem(folder / "modem") as modem:
        await mail.route(SMS_DOMAIN, f"lmtp:inet:127.0.0.1:{lmtp}")
        site = TextsSite(folder, modem, mail, lmtp, callbacks)
        site.file.write_text(
            f"""\
[site]
name = "Klinik Sehat"
domain = "{DOMAIN}"

[asterisk]
ami = {{ port = {ami}, secret = "ami-secret-1", apply_secret = "ami-secret-2" }}
agi = {{ port = {agi} }}
spool_dir = "spool"

[mail]
from = "SMS <sms@{DOMAIN}>"
smtp = {{ host = "127.0.0.1", port = {mail.ports.trusted}, security = "plain" }}

[service]
state_dir = "state"
http_port = {http}

[sms]
desk = "{DESK}"
per_person = 100000
per_day = 100000
http_port = {callbacks}

[sms.mail]
domain = "{SMS_DOMAIN}"
port = {lmtp}

{gateways}
[[sms.gateways]]
name = "modem"
kind = "modem"
device = "{modem.link.parent}/modem*"
sweep = 1
per_minute = 600
per_day = 100000

[[people]]
extension = "1001"
name = "Sari"
email = "{WRITER}"
voicemail = false
"""
        )
        yield site
