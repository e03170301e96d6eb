"""Who an e-mail says that it is from: one address, or none that can be relied on."""

from __future__ import annotations

import email.utils
import re
from dataclasses import dataclass

from mail.intake.charsets import decode_words
from mail.intake.mime import Fields
from mail.plain import plain
from pbx.fields import check_address

_LONGEST = 1000  # characters of From
_NAME = 100
_QUOTED = re.compile(r'"(?:[^"\\]|\\.){0,500}"')


@dataclass(frozen=True, slots=True)
class Sender:
    """From (RFC 5322, 3.6.2). problem: why there is no address."""

    address: str
    name: str
    problem: str | None = None


def read_sender(fields: Fields) -> Sender:
    """The one who wrote it. Where two programs could read two addresses, there is none."""
    values = fields.each("from")
    if len(values) != 1:
        return Sender("", "", "it has more than one From" if values else "it has no From")
    value = values[0]
    try:
        found = email.utils.getaddresses([value]) if len(value) <= _LONGEST else []
    except Exception:  # it calls itself for each bracket, and has raised other kinds too
        found = []
    if len(found) != 1 or not found[0][1]:
        return Sender("", "", "its From names no address, or several")
    name, address = found[0]
    shown = plain(decode_words(name), _NAME)
    if not _is_all(value, address):
        return Sender("", shown, "its From is no e-mail address, or can be read in two ways")
    local, _, domain = address.rpartition("@")
    return Sender(f"{local}@{domain.lower()}", shown)


def _is_all(value: str, address: str) -> bool:
    """Whether an address is all that From says beside a name and comments; a group is none.

    Older Pythons read "a@b.example)x@y.example" as the first of the two (CVE-2023-27043).
    """
    try:
        check_address(address)
    except ValueError:
        return False
    bare = _QUOTED.sub("", value)
    return bare.count("@") == 1 and address in bare and not {":", ";"} & set(bare)
