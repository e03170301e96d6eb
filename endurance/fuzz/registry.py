"""Every target by its name."""

from __future__ import annotations

from endurance.fuzz.target import Target
from endurance.fuzz.targets import (
    agi,
    ami,
    dsn,
    filters,
    kannel_box,
    letter,
    mail_intake,
    people_file,
    plain_text,
    recording,
    site_file,
    site_values,
    smpp,
    sms_pdu,
    smtp_content,
)

ALL: dict[str, Target] = {
    target.name: target
    for module in (
        *(agi, ami, dsn, recording, site_file, people_file, site_values),
        *(filters, plain_text, letter, smtp_content, sms_pdu, smpp, kannel_box),
        *(mail_intake,),
    )
    for target in module.TARGETS
}
