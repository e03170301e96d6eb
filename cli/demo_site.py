"""The demo's site: two people, a mail server with a password, everything on loopback."""

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
CALLER_LOGIN = "phone-1002"
PIN = "4321"
_AMI_SECRETS = 'secret_file = "ami.secret", apply_secret_file = "ami-apply.secret"'


@dataclass(frozen=True, slots=True)
class DemoSite:
    """Where the demo's site file and its secrets are."""

    file: Path
    smtp_password: str
    phone_password: str


def write_demo_site(
    folder: Path, asterisk: PrivateAsterisk, *, smtp_port: int, http_port: int, ca_file: Path
) -> DemoSite:
    """Write the site file and the secrets it names."""
    smtp_password = _secret(folder / "smtp.secret")
    phone_password = _secret(folder / "phone.secret")
    _secret(folder / "ami.secret")
    _secret(folder / "ami-apply.secret")
    ports = asterisk.ports
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
smtp = {{ host = "127.0.0.1", port = {smtp_port}, security = "starttls", username = "{SENDER}", \
password_file = "smtp.secret", ca_file = "{ca_file}" }}
from = "Voicemail <{SENDER}>"

[voicemail]
attach = "wav"

{phones_section(ports)}
[service]
state_dir = "state"
http_port = {http_port}

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
