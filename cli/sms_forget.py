"""`voxpost sms forget`: what the ledger has of a number goes, as its owner may ask."""

from __future__ import annotations

from pathlib import Path

import click

from cli.exits import fail, says_errors
from cli.opening import ask_ledger
from cli.options import json_option, print_json, site_option
from cli.tables import counted
from cli.texts_shown import number_meant
from ledger.forgetting import Forgetting
from pbx.site import load_site


@click.command()
@click.argument("number")
@click.option("--yes", is_flag=True, help="Ask nothing.")
@site_option
@json_option
@says_errors
def forget(number: str, yes: bool, site_file: Path, as_json: bool) -> None:
    """Forget the texts from and to a number, and the groups that it is in.

    For a customer who asks that you delete what you have of him. The stop list keeps his number,
    so that he is not written to again; the e-mails in your people's accounts are not touched.
    """
    site = load_site(site_file)
    whose = number_meant(site, number)
    if not yes and not click.confirm(f"Forget all texts from and to {whose}?", err=True):
        fail("Nothing was forgotten.")
    gone = ask_ledger(site, lambda it: Forgetting(it).forget_number(whose))
    if as_json:
        print_json({"number": whose, **gone._asdict()})
    else:
        texts = counted(gone.texts, "text", "texts")
        mails = counted(gone.mails, "record of an e-mail", "records of e-mails")
        groups = counted(gone.groups, "group", "groups")
        click.echo(f"{whose}: forgot {texts}, {mails}, and that it was in {groups}.")
    if gone.unsettled:
        texts = counted(gone.unsettled, "text is", "texts are")
        fail(f"{texts} still to be sent: drop them first (voxpost sms list), then forget again.")
