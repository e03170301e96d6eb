"""Rereading the site file: what a running voxpost takes of a new one, and what wants a restart."""

from __future__ import annotations

from pbx.model import Site

AT_START = (
    "service.state_dir",
    "service.ledger_url",
    "service.http_host",
    "service.http_port",
    "asterisk.agi.host",
    "asterisk.agi.port",
    "mail.connections",
    "mail.give_up_after_days",
    "sms.http_host",
    "sms.http_port",
    "sms.mail.protocol",
    "sms.mail.host",
    "sms.mail.port",
    "sms.mail.peers",
    "sms.mail.max_bytes",
)
"""Keys that are looked at when voxpost starts, and then no more."""


def refusal(old: Site, new: Site) -> str | None:
    """Why a running voxpost cannot take a site file that is good in itself; None if it can."""
    if old.sms is not None and new.sms is None:
        return "[sms] is gone, and its texts are still carried: restart voxpost to end them."
    return None


def wants_restart(old: Site, new: Site) -> list[str]:
    """The keys of a new site file that are not followed until voxpost is started again."""
    if old.sms is None and new.sms is not None:
        return ["sms"]
    found = [key for key in AT_START if _value(old, key) != _value(new, key)]
    listens = [site.sms is not None and site.sms.mail is not None for site in (old, new)]
    if listens[0] != listens[1]:
        return [*(key for key in found if not key.startswith("sms.mail")), "sms.mail"]
    return found


def _value(site: Site, key: str) -> object:
    value: object = site
    for name in key.split("."):
        value = getattr(value, name, None)
    return value
