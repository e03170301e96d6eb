"""`voxpost init`: a first site file, commented, with its secrets beside it."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import get_args

import click

from cli.exits import Exit, fail, says_errors
from cli.options import site_option
from cli.site_template import SiteAnswers, site_text
from pbx.errors import SiteError
from pbx.people import Language
from pbx.site import parse_site

_LANGUAGES = click.Choice(get_args(Language))


@click.command()
@site_option
@click.option("--name", prompt="Name of the organisation", help="As people read it in e-mails.")
@click.option("--domain", prompt="Mail domain", help="Such as klinik.example.")
@click.option("--country", prompt=True, default="ID", show_default=True, help="ISO 3166.")
@click.option(
    "--language",
    prompt=True,
    type=click.Choice(get_args(Language)),
    default="id",
    show_default=True,
)
@click.option("--timezone", prompt="Time zone", default="Asia/Jakarta", show_default=True)
@click.option("--asterisk-version", type=click.Choice(["16", "18", "20", "22"]), default="22")
@click.option("--smtp-host", prompt="Mail server", help="Takes e-mail by submission (587).")
@click.option("--smtp-user", default="", help="Account for AUTH; none when left out.")
@click.option("--smtp-password-file", type=click.Path(path_type=Path), help="File to refer to.")
@click.option("--extension", default="1001", show_default=True, help="Of the first person.")
@click.option("--person", prompt="First person's name", help="Name of the first person.")
@click.option("--email", prompt="First person's e-mail", help="Mail account of the first person.")
@click.option("--force", is_flag=True, help="Replace a site file that is there.")
@says_errors
def init(site_file: Path, force: bool, smtp_password_file: Path | None, **answers: str) -> None:
    """Write a commented site file, and fresh secrets into files beside it."""
    if site_file.exists() and not force:
        fail(f"{site_file} is there already: edit it, or replace it with --force.", Exit.SITE)
    folder = site_file.parent
    text = site_text(SiteAnswers(**answers, smtp_password_file=smtp_password_file))
    try:
        site = parse_site(text, site_file)
    except SiteError as error:
        fail(f"Nothing was written. What the site file would say is wrong:\n{error}", Exit.SITE)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        made = [
            _secret(folder / "ami.secret"),
            _secret(folder / "ami-apply.secret"),
            _secret(folder / f"{answers['extension']}.phone"),
            _secret(folder / f"{answers['extension']}.pin", digits=True),
        ]
        site_file.write_text(text, encoding="utf-8")
    except OSError as error:
        fail(f"{error.filename}: {error.strerror}. Write elsewhere with --site FILE.", Exit.SITE)
    click.echo(f"Wrote {site_file}" + "".join(f"\n  and {name}" for name in made if name))
    for server in site.mail.smtp:
        password = server.password_file
        if password is not None and not password.exists():
            click.echo(f"Write the password of {server.username} into {password}.")
    click.echo(
        "Next:\n"
        f"  voxpost check --site {site_file}\n"
        f"  voxpost generate-config --site {site_file} --diff\n"
        f"  voxpost doctor --site {site_file}"
    )


def _secret(file: Path, *, digits: bool = False) -> Path | None:
    """Make a secret for its owner and group, which may be voxpost's; one that is there stays."""
    value = f"{secrets.randbelow(10**6):06}" if digits else secrets.token_urlsafe(24)
    try:
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o640)
    except FileExistsError:
        return None
    with os.fdopen(handle, "w") as stream:
        stream.write(value + "\n")
    return file
