"""`voxpost generate-config`: Asterisk's configuration out of the site file."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

import click

from ami.errors import LoginRefused, NotConnected
from ami.reload import Reloader
from cli.ami_session import manager_session
from cli.exits import Exit, fail, says_errors
from cli.logs import set_up_logs
from cli.manager_accounts import apply_settings
from cli.options import json_option, print_json, site_option
from cli.program import own_program
from dialplan_templates.apply import Applied, Applier
from dialplan_templates.compare import as_data, compare, for_people
from dialplan_templates.expected import expected_of
from dialplan_templates.output import write_files
from dialplan_templates.render import render
from pbx.model import Site
from pbx.site import load_site


@click.command()
@site_option
@click.option(
    "--output",
    type=click.Path(file_okay=False, path_type=Path),
    help="Write the files into this folder; Asterisk is not told.",
)
@click.option("--diff", is_flag=True, help="Show what would change in Asterisk's folder.")
@click.option("--apply", "apply_", is_flag=True, help="Put it live; all or nothing.")
@click.option("--force", is_flag=True, help="Also replace files that voxpost did not write.")
@json_option
@says_errors
def generate_config(  # noqa: PLR0917 - click gives them by name
    site_file: Path,
    output: Path | None,
    diff: bool,
    apply_: bool,
    force: bool,
    as_json: bool,
) -> None:
    """Render Asterisk's configuration and write it, compare it, or put it live.

    --apply writes beside, backs up, renames, reloads the modules concerned and asks Asterisk
    whether it took them; if it refuses, everything is put back.
    """
    set_up_logs(level=logging.CRITICAL)
    if sum((output is not None, diff, apply_)) != 1:
        raise click.UsageError("Say one of --output DIR, --diff or --apply.")
    site = load_site(site_file)
    rendered = render(
        site, site_file=site_file.resolve(), command=site.asterisk.agi.command or own_program()
    )
    if output is not None:
        written = write_files(rendered, output, now=datetime.now(UTC), force=force)
        if as_json:
            print_json({"folder": str(output), **asdict(written)})
        else:
            click.echo(f"{len(written.names)} of {len(rendered)} files written to {output}.")
            if written.backup is not None:
                click.echo(f"Old files: {written.backup}.")
        return
    if diff:
        changes = compare(rendered, site.asterisk.config_dir)
        if as_json:
            print_json(as_data(changes))
        else:
            differing = sum(change.changed for change in changes)
            click.echo(f"{differing} of {len(changes)} files would change.")
            click.echo(for_people(changes), nl=False)
        return
    applied = asyncio.run(_apply(site, rendered, force=force))
    if as_json:
        print_json(asdict(applied))
    else:
        _tell(applied)


async def _apply(site: Site, rendered: dict[str, str], *, force: bool) -> Applied:
    try:
        async with manager_session(apply_settings(site)) as connection:
            applier = Applier(
                config_dir=site.asterisk.config_dir,
                log_dir=site.asterisk.log_dir,
                reloader=Reloader(connection),
                now=lambda: datetime.now(UTC),
            )
            return await applier.apply(rendered, expected_of(site), force=force)
    except (LoginRefused, NotConnected) as error:
        fail(
            f"Asterisk's manager: {error}\nNothing was changed. The first time, write the files "
            "with --output and restart Asterisk: then it knows the account.",
            Exit.ASTERISK,
        )


def _tell(applied: Applied) -> None:
    if not applied.changed:
        click.echo("Nothing to change.")
        return
    click.echo(f"Live: {', '.join(applied.changed)}.")
    click.echo(f"Old files: {applied.backup}. Calls up meanwhile: {applied.calls_after}.")
    for reason in applied.restart:
        click.echo(f"Needs a restart of Asterisk: {reason}")
    if not applied.log_read:
        click.echo(
            "Asterisk's log could not be read, so a line that it skipped with a warning would "
            "not be seen: set asterisk.log_dir, or give voxpost the right to read it.",
            err=True,
        )
