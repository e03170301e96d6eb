"""Texts for people's eyes and as data; what the commands of `voxpost sms` share."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import Any, TypeVar

import click

from cli.exits import Exit, fail
from cli.opening import opened_ledger
from ledger.store import Ledger
from ledger.texts import Text
from pbx.model import Site
from pbx.numbers import e164_meant
from pbx.sms import Sms

T = TypeVar("T")

ID = click.IntRange(1, 2**63 - 1)  # what a database's whole number holds


def sms_of(site: Site) -> Sms:
    """The SMS centre's section; without one the command ends."""
    if site.sms is None:
        fail("the site file has no [sms]: add it, with a desk and a gateway.", Exit.SITE)
    return site.sms


def ask_ledger(site: Site, question: Callable[[Ledger], Awaitable[T]]) -> T:
    """Ask the ledger, which `voxpost run` must have made: by root it would be root's."""

    async def ask() -> T:
        async with opened_ledger(site, must_exist=True) as ledger:
            return await question(ledger)

    return asyncio.run(ask())


def number_meant(site: Site, written: str) -> str:
    """A number as the ledger has it; a sender's name stays as it is."""
    return e164_meant(written, site.site.country) or written


def text_as_data(text: Text) -> dict[str, Any]:
    return {**asdict(text), "state": str(text.state), "origin": str(text.origin)}
