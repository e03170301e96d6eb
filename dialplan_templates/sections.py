"""Asterisk's files as sections, for comparing. What is secret is never shown."""

from __future__ import annotations

import re

Sections = dict[str, list[str]]

_SECRET = re.compile(r"^(\s*(?:secret|password|md5_cred)\s*=>?\s*).*$")
_MAILBOX = re.compile(r"^(\s*[0-9]+\s*=>\s*)[^,]*(,.*)$")
_HIDDEN = "(hidden)"


def split_sections(text: str) -> Sections:
    """The lines that mean something, by their section's whole header line.

    Lines before the first section stand under "". Comments and blank lines are left out. PJSIP
    gives one name to several sections; their templates tell them apart, else they are joined.
    """
    sections: Sections = {}
    header = ""
    for raw in text.splitlines():
        line = raw.strip()
        if not line or line.startswith(";"):
            continue
        if line.startswith("["):
            header = line
            sections.setdefault(header, [])
        else:
            sections.setdefault(header, []).append(line)
    return sections


def hide_secrets(file: str, line: str) -> str:
    """The line as people may see it."""
    hidden = _SECRET.sub(rf"\g<1>{_HIDDEN}", line)
    if file == "voicemail.conf":
        hidden = _MAILBOX.sub(rf"\g<1>{_HIDDEN}\g<2>", hidden)
    return hidden
