"""`voxpost doctor`: tries each thing for real, and says for each failure what to do."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from dataclasses import asdict
from pathlib import Path

import click

from cli.check import unreadable_secrets
from cli.examine_asterisk import examine_asterisk
from cli.examine_bounces import examine_bounces
from cli.examine_files import examine_files
from cli.examine_mail import examine_mail
from cli.examine_mailboxes import examine_mailboxes
from cli.examine_sms import examine_sms
from cli.exits import Exit, says_errors
from cli.findings import Finding, Grade, bad, good, print_finding
from cli.logs import set_up_logs
from cli.named_files import missing_files
from cli.options import json_option, print_json, site_option
from cli.tables import counted
from pbx.model import Site
from pbx.site import load_site

_OR_REMOVE = "Or remove the key, where nothing needs it."


@click.command()
@site_option
@json_option
@says_errors
def doctor(site_file: Path, as_json: bool) -> None:
    """Try each thing for real: Asterisk, its spool, mail servers, gateways. Exits 1 if one is bad.

    Sends no mail and no text, places no call.
    """
    set_up_logs(level=logging.CRITICAL)  # a finding says it better
    site = load_site(site_file)
    findings = asyncio.run(_examine(site, site_file, show=not as_json))
    if as_json:
        print_json([asdict(finding) for finding in findings])
    if any(finding.grade is Grade.BAD for finding in findings):
        raise click.exceptions.Exit(Exit.FAILED)


async def _examine(site: Site, site_file: Path, *, show: bool) -> list[Finding]:
    findings = []
    async for finding in _all(site, site_file):
        findings.append(finding)
        if show:
            print_finding(finding)
    return findings


async def _all(site: Site, site_file: Path) -> AsyncIterator[Finding]:
    yield good("site file", f"{site_file}, {counted(len(site.people), 'person', 'people')}")
    for trouble in unreadable_secrets(site):
        yield bad("secret", str(trouble), _OR_REMOVE)
    for missing in missing_files(site):
        yield bad("named file", missing, _OR_REMOVE)
    for part in (
        examine_files(site),
        examine_mailboxes(site),
        examine_asterisk(site),
        examine_mail(site),
        examine_bounces(site),
        examine_sms(site),
    ):
        async for finding in part:
            yield finding
