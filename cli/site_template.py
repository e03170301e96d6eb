"""The text of a first site file: what a person needs, commented; the rest is in the docs."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from pbx.fields import is_address


@dataclass(frozen=True, slots=True)
class SiteAnswers:
    """What `voxpost init` was told."""

    name: str
    domain: str
    country: str
    language: str
    timezone: str
    asterisk_version: str
    smtp_host: str
    smtp_user: str
    smtp_password_file: Path | None
    extension: str
    person: str
    email: str


def site_text(answers: SiteAnswers) -> str:
    """The site file. Every value is quoted as TOML."""
    return f"""\
# The site file of voxpost. Check it with `voxpost check`.
# Paths are relative to this file. Every key: docs, "The site file".

[site]
name = {_toml(answers.name)}
domain = {_toml(answers.domain)}
country = {_toml(answers.country)}              # how local numbers are read
language = {_toml(answers.language)}            # of e-mails: id, en
timezone = {_toml(answers.timezone)}

[asterisk]
version = {answers.asterisk_version}                 # 16, 18, 20 or 22
# config_dir = "/etc/asterisk"
# spool_dir = "/var/spool/asterisk"
# log_dir = "/var/log/asterisk"
# The first secret is for `voxpost run`, the second only for `generate-config --apply`.
ami = {{ secret_file = "ami.secret", apply_secret_file = "ami-apply.secret" }}

[mail]
{_smtp(answers)}
from = {_toml(f"Voicemail <{_sender(answers)}>")}

[voicemail]
attach = "wav"               # wav, mp3, opus or none
after_delivery = "keep"      # keep, heard or delete the recording on the telephone
access_extension = "*97"     # dial it to listen

# The main number, and where its calls go by the hour.
# [office]
# extension = "100"
# hours = ["mon-fri 08:00-17:00", "sat 08:00-12:00"]
# holidays = [2026-12-25]
# open_destination = {_toml(answers.extension)}
# closed_destination = {_toml(answers.extension)}

# The SMS centre: texts become e-mails, and answers to these become texts.
# [sms]
# desk = {_toml(f"info@{answers.domain}")}          # gets the texts that are nobody's
# alarms_to = {_toml(f"admin@{answers.domain}")}    # is told of gateways that fail; else the desk
# per_person = 100             # parts that one person may send a day
# per_day = 1000               # parts that the site may send a day
# A modem with a SIM. `ls /dev/serial/by-id` shows its lasting name. Other kinds: kannel,
# kannel-box, playsms, smpp; there may be several, and the cheapest that is well sends.
# [[sms.gateways]]
# name = "modem"
# kind = "modem"
# device = "/dev/serial/by-id/usb-HUAWEI-if00-port0"
# number = "+62811000111"      # the SIM's
# pin_file = "sim.pin"         # where the SIM asks for a PIN
# price = 150                  # of a part
# The sub-domain whose e-mails become texts; the mail server must bring them here.
# [sms.mail]
# domain = {_toml(f"sms.{answers.domain}")}
# What happens when a text begins with a word. STOP and START need no entry.
# [[sms.keywords]]
# word = "INFO"
# answer = "We are open from 8 to 17."

# Many people: people_file = "people.csv" at the top of this file, with the columns
# extension,name,email,pin_file,phone_password_file

[[people]]
extension = {_toml(answers.extension)}
name = {_toml(answers.person)}
email = {_toml(answers.email)}
voicemail = {{ pin_file = {_toml(answers.extension + ".pin")} }}
phone = {{ password_file = {_toml(answers.extension + ".phone")} }}
"""


def _sender(answers: SiteAnswers) -> str:
    """The account's own address: many servers, Zimbra too, let it send as no other."""
    account = answers.smtp_user
    return account if is_address(account) else f"voicemail@{answers.domain}"


def _smtp(answers: SiteAnswers) -> str:
    host = _toml(answers.smtp_host)
    if not answers.smtp_user:
        return (
            "# Without an account the server must trust this machine (port 25, or its networks).\n"
            f'smtp = {{ host = {host}, port = 587, security = "starttls" }}'
        )
    password = _toml(str(answers.smtp_password_file or "smtp.secret"))
    return (
        f'smtp = {{ host = {host}, port = 587, security = "starttls", '
        f"username = {_toml(answers.smtp_user)}, password_file = {password} }}"
    )


def _toml(text: str) -> str:
    """A TOML basic string; JSON's escapes are among TOML's."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
