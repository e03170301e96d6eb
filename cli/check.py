"""`voxpost check`: is the site file good?"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from cli.exits import Exit, says_errors
from cli.named_files import missing_files
from cli.options import json_option, print_json, site_option
from cli.tables import counted
from pbx.errors import Problem, SiteError
from pbx.gateways import KannelBoxGateway, ModemGateway
from pbx.model import Site
from pbx.secret import Secret, SecretUnusable
from pbx.site import json_schema, load_site
from pbx.sms import Sms


@click.command()
@site_option
@json_option
@click.option("--schema", is_flag=True, help="Print the JSON Schema of the site file, and stop.")
@says_errors
def check(site_file: Path, as_json: bool, schema: bool) -> None:
    """Check the site file: its keys, its people, and that what it names can be read."""
    if schema:
        click.echo(json_schema(), nl=False)
        return
    try:
        site = load_site(site_file)
    except SiteError as error:
        if not as_json:
            raise
        print_json({"ok": False, "problems": [_as_data(it) for it in error.problems]})
        raise click.exceptions.Exit(Exit.SITE) from error
    missing = [*map(str, unreadable_secrets(site)), *missing_files(site)]
    if as_json:
        problems = [{"file": str(site_file), "what": text} for text in missing]
        print_json({"ok": not missing, "people": len(site.people), "problems": problems})
    elif missing:
        click.echo("\n".join(missing), err=True)
    else:
        click.echo(f"{site_file} is good: {_summary(site)}.")
    if missing:
        raise click.exceptions.Exit(Exit.SITE)


def unreadable_secrets(site: Site) -> list[SecretUnusable]:
    """Every secret that the site file names and that cannot be read."""
    troubles = []
    for secret in named_secrets(site):
        try:
            secret.read()
        except SecretUnusable as error:
            troubles.append(error)
    return troubles


def named_secrets(site: Site) -> list[Secret]:
    """Every secret that the site file names."""
    ami = site.asterisk.ami
    named: list[Secret] = [ami.login_secret()]
    if ami.apply_login_secret().given:
        named.append(ami.apply_login_secret())
    named += [server.auth_secret() for server in site.mail.smtp if server.username]
    for person in site.people:
        if person.pin_secret().given:
            named.append(person.pin_secret())
        if person.phone is not None:
            named.append(person.phone_secret())
        if person.imap_secret().given:
            named.append(person.imap_secret())
    accounts = [it.login_secret() for it in (site.mail.imap, site.mail.bounces) if it is not None]
    named += [secret for secret in accounts if secret.given]  # none where each person has an own
    return named + ([] if site.sms is None else _secrets_of_sms(site.sms))


def _secrets_of_sms(sms: Sms) -> list[Secret]:
    named = [user.login_secret() for user in sms.api]
    named += [keyword.call_key() for keyword in sms.keywords if keyword.call_key().given]
    for gateway in sms.gateways:
        match gateway:
            case ModemGateway() if gateway.pin_secret().given:
                named.append(gateway.pin_secret())
            case ModemGateway() | KannelBoxGateway():
                pass
            case _:
                named.append(gateway.login_secret())
    return named


def _as_data(problem: Problem) -> dict[str, object]:
    return {**asdict(problem), "file": str(problem.file)}


def _summary(site: Site) -> str:
    people = len(site.people)
    mailboxes = sum(1 for person in site.people if person.voicemail is not False)
    mailed = sum(1 for person in site.people if person.email and person.voicemail is not False)
    counts = (counted(people, "person", "people"), counted(mailboxes, "mailbox", "mailboxes"))
    return f"{', '.join(counts)}, {mailed} of them with a mail account"
