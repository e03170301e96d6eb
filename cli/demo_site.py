"""The demo's site: two people, a mail server with a password, a modem, all on loopback."""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from lab.asterisk import PrivateAsterisk
from lab.site_sections import asterisk_section, phones_section

DOMAIN = "klinik.example"
SENDER = f"voicemail@{DOMAIN}"
RECIPIENT = f"sari@{DOMAIN}"
DESK = f"resepsionis@{DOMAIN}"
CALLER_LOGIN = "phone-1002"
PIN = "4321"
_AMI_SECRETS = 'secret_file = "ami.secret", apply_secret_file = "ami-apply.secret"'


@dataclass(frozen=True, slots=True)
class DemoSite:
    """Where the demo's site file and its secrets are."""

    file: Path
    smtp_password: str
    phone_password: str


@dataclass(frozen=True, slots=True)
class DemoPorts:
    """Where things listen. texts: where the mail server brings e-mails that become texts."""

    smtp: int
    http: int
    texts: int
    callbacks: int


def write_demo_site(
    folder: Path, asterisk: PrivateAsterisk, ports: DemoPorts, *, ca_file: Path, modem: Path
) -> DemoSite:
    """Write the site file and the secrets it names. modem: its serial port."""
    smtp_password = _secret(folder / "smtp.secret")
    phone_password = _secret(folder / "phone.secret")
    _secret(folder / "ami.secret")
    _secret(folder / "ami-apply.secret")
    file = folder / "site.toml"
    file.write_text(
        f"""\
# Written by `voxpost demo`.
[site]
name = "Klinik Sehat"
domain = "{DOMAIN}"
country = "ID"
language = "en"
timezone = "Asia/Jakarta"

{asterisk_section(asterisk, 22, _AMI_SECRETS)}
[mail]
smtp = {{ host = "127.0.0.1", port = {ports.smtp}, security = "starttls", username = "{SENDER}", \
password_file = "smtp.secret", ca_file = "{ca_file}" }}
from = "Voicemail <{SENDER}>"

[voicemail]
attach = "wav"

{phones_section(asterisk.ports)}
[service]
state_dir = "state"
http_port = {ports.http}

[sms]
desk = "{DESK}"
http_port = {ports.callbacks}

[sms.mail]
domain = "sms.{DOMAIN}"
port = {ports.texts}

[[sms.gateways]]
name = "modem"
kind = "modem"
device = "{modem}"
number = "+62811000111"

[[people]]
extension = "1001"
name = "Sari Wulandari"
email = "{RECIPIENT}"
voicemail = {{ pin = "{PIN}" }}

[[people]]
extension = "1002"
name = "Budi Santoso"
voicemail = false
phone = {{ password_file = "phone.secret" }}
""",
        encoding="utf-8",
    )
    return DemoSite(file, smtp_password, phone_password)


def _secret(file: Path) -> str:
    value = secrets.token_urlsafe(18)
    handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w") as stream:
        stream.write(value)
    return value
