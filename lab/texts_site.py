"""The site whose texts are tried: a simulated modem, voxpost, Postfix and Dovecot."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from lab.accounts import MailUser
from lab.mail_ports import MailPorts
from lab.modem_client import ModemControl, simulated_modem
from lab.ports import PortFinder
from lab.site_sections import DOMAIN, head, no_asterisk_section
from lab.voxpost import VoxpostSite
from lab.zimbra_like import ZimbraLike

SMS_DOMAIN = f"sms.{DOMAIN}"
DESK = f"desk@{DOMAIN}"
WRITER = f"sari@{DOMAIN}"


@dataclass
class TextsSite(VoxpostSite):
    """Everything but voxpost, which is started and killed from outside."""

    modem: ModemControl
    mail: ZimbraLike
    lmtp_port: int
    callback_port: int


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
    lmtp, callbacks = finder.one(), finder.one()
    async with mail, simulated_modem(folder / "modem") as modem:
        await mail.route(SMS_DOMAIN, f"lmtp:inet:127.0.0.1:{lmtp}")
        site = TextsSite(folder, modem, mail, lmtp, callbacks)
        site.file.write_text(
            f"""\
{head(finder.one())}
{no_asterisk_section(finder)}
[mail]
from = "SMS <sms@{DOMAIN}>"
smtp = {{ host = "127.0.0.1", port = {mail.ports.trusted}, security = "plain" }}

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
