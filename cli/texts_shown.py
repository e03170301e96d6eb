"""Texts for people's eyes and as data; what the commands of `voxpost sms` share."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from cli.exits import Exit, fail
from ledger.texts import Text
from pbx.model import Site
from pbx.numbers import e164_meant
from pbx.sms import Sms


def sms_of(site: Site) -> Sms:
    """The SMS centre's section; without one the command ends."""
    if site.sms is None:
        fail("the site file has no [sms]: add it, with a desk and a gateway.", Exit.SITE)
    return site.sms


def number_meant(site: Site, written: str) -> str:
    """A number as the ledger has it; a sender's name stays as it is."""
    return e164_meant(written, site.site.country) or written


def text_as_data(text: Text) -> dict[str, Any]:
    return {**asdict(text), "state": str(text.state), "origin": str(text.origin)}
