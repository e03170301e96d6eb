"""Every target by its name."""

from __future__ import annotations

from endurance.fuzz.target import Target
from endurance.fuzz.targets import (
    agi,
    ami,
    dsn,
    filters,
    letter,
    people_file,
    plain_text,
    recording,
    site_file,
    site_values,
    smtp_content,
)

ALL: dict[str, Target] = {
    target.name: target
    for module in (
        *(agi, ami, dsn, recording, site_file, people_file, site_values),
        *(filters, plain_text, letter, smtp_content),
    )
    for target in module.TARGETS
}
