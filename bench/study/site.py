"""The study's site: the dialplan that is measured, and voxpost's site file."""

from __future__ import annotations

from collections.abc import Sequence

from lab.accounts import MailUser
from lab.asterisk import PrivateAsterisk
from lab.minimal_config import CONTEXT
from lab.ports import LOOPBACK, AsteriskPorts
from lab.site_sections import asterisk_section, phones_section, submission_table
from lab.zimbra_like import ZimbraLike

SENDER = MailUser("voicemail@lab.example", "voicemail-password")
AMI_SECRET = "study-secret"

PLAIN, ASKS_VOXPOST, ASKS_BARE, ECHO, SPEAK = "700", "701", "702", "103", "71"
"""Extensions. SPEAK comes before a mailbox's number: its voicemail, without a greeting."""


def dialplan(ports: AsteriskPorts, bare_port: int) -> str:
    """Extensions to add to lab/minimal_config.py's."""
    lines = ["Ringing()", "Answer()", "Hangup()"]
    plain = _extension(PLAIN, *lines)
    voxpost = _extension(ASKS_VOXPOST, _ask(ports.agi), *lines)
    bare = _extension(ASKS_BARE, _ask(bare_port), *lines)
    return f"""
[{CONTEXT}](+)
include => study
[study]
{plain}{voxpost}{bare}exten => _{SPEAK}XXXX,1,Goto(study-voicemail,${{EXTEN:{len(SPEAK)}}},1)
[study-voicemail]
exten => _XXXX,1,Set(VOXPOST_MAILBOX=${{EXTEN}}@default)
 same => n,Answer()
 same => n,VoiceMail(${{EXTEN}}@default,s)
 same => n,Hangup()
exten => h,1,AGI(agi://{LOOPBACK}:{ports.agi}/voicemail-left)
"""


def _ask(port: int) -> str:
    return f"AGI(agi://{LOOPBACK}:{port}/office-hours)"


def _extension(number: str, *steps: str) -> str:
    first, *more = steps
    return f"exten => {number},1,{first}\n" + "".join(f" same => n,{step}\n" for step in more)


def voicemail_boxes(boxes: Sequence[str]) -> str:
    """Lines to add to voicemail.conf's [default]."""
    return "".join(f"{box} => 4242,Study {box}\n" for box in boxes)


def site_text(
    asterisk: PrivateAsterisk,
    mail: ZimbraLike,
    http_port: int,
    recipients: Sequence[tuple[str, str]],
) -> str:
    """The site file. recipients: of each person, the extension and the mail account."""
    people = "".join(
        f"""
[[people]]
extension = "{extension}"
name = "Person {extension}"
email = "{address}"
voicemail = {{ pin = "4242" }}
"""
        for extension, address in recipients
    )
    return f"""
[site]
name = "Study"
domain = "lab.example"
language = "en"

{asterisk_section(asterisk, 22, f'secret = "{AMI_SECRET}", apply_secret = "study-unused-secret"')}
[mail]
from = "Voicemail <{SENDER.address}>"
smtp = {submission_table(mail, SENDER)}

[voicemail]
attach = "wav"
min_seconds = 1

[office]
hours = ["mon-sun 00:00-24:00"]
open_destination = "{recipients[0][0]}"
closed_destination = "{recipients[0][0]}"

{phones_section(asterisk.ports)}
[service]
state_dir = "state"
http_port = {http_port}
{people}"""
