"""`voxpost sms broadcast create`: look at a broadcast first, then send it."""

from __future__ import annotations

import asyncio
import re
import time
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import click
from rich.console import Console
from rich.progress import Progress

from cli.exits import Exit, says_errors
from cli.opening import opened_ledger
from cli.options import json_option, print_json, site_option
from cli.sms_broadcast_plan import print_plan
from cli.sms_broadcast_words import when
from cli.sms_carriage import offline_requests
from cli.texts_shown import sms_of
from ledger.broadcast_rows import Broadcast, NewBroadcast
from ledger.broadcasts import BroadcastBook
from ledger.number_lists import NumberGroups
from ledger.store import Ledger
from pbx.fields import is_address
from pbx.model import Site
from pbx.site import load_site
from pbx.sms import Sms
from sms.broadcast.filling import fill
from sms.broadcast.plan import Maker, Plan, make_plan, plan_end
from sms.broadcast.recipients import Listing, Recipients, from_csv, from_group, gather
from sms.broadcast.template import Template, check_fields, read_template
from sms.errors import BadBroadcast, BadTemplate
from sms.policy import read_recipient

_NAME = re.compile(r"[A-Za-z0-9_.-]{1,80}")


_LAST_YEAR = 2200  # what Python does with years has an end


@dataclass(frozen=True, slots=True)
class Wish:
    """What was asked for on the command line."""

    name: str
    template: Template
    file: Path | None
    group: str | None
    column: str
    author: str
    at: datetime | None
    per_minute: float | None
    skip_bad: bool
    send: bool


@click.command()
@click.argument("name")
@click.option(
    "--file", type=click.Path(dir_okay=False, path_type=Path), help="The list: CSV with a header."
)
@click.option("--group", help="The list: a group of numbers.")
@click.option(
    "--column", default="number", show_default=True, help="The column that holds the numbers."
)
@click.option("--text", help="The text. {name} is a column, {name|you} one that may be empty.")
@click.option(
    "--template-file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="A file that holds the text.",
)
@click.option(
    "--at", type=click.DateTime(["%Y-%m-%d %H:%M"]), help="When it begins, in the site's zone."
)
@click.option("--per-minute", type=click.FloatRange(0.1, 600000), help="Texts a minute at most.")
@click.option("--report-to", help="Mail account that gets the report; else sms.alarms_to.")
@click.option("--skip-bad", is_flag=True, help="Leave bad rows out instead of refusing the list.")
@click.option("--send", is_flag=True, help="Send it. Without this it is only looked at.")
@site_option
@json_option
@says_errors
def create(
    *,
    name: str,
    file: Path | None,
    group: str | None,
    column: str,
    text: str | None,
    template_file: Path | None,
    at: datetime | None,
    per_minute: float | None,
    report_to: str | None,
    skip_bad: bool,
    send: bool,
    site_file: Path,
    as_json: bool,
) -> None:
    """Send a text to a list of numbers. Without --send it says what would happen.

    The same NAME again, with a longer list, sends to the new numbers alone.
    """
    if (file is None) == (group is None):
        raise click.UsageError("say to whom: --file or --group, one of them.")
    if (text is None) == (template_file is None):
        raise click.UsageError("say what: --text or --template-file, one of them.")
    if _NAME.fullmatch(name) is None:
        raise click.UsageError(f'"{name}" is no name: use letters, digits, ".", "_" and "-".')
    if report_to is not None and not is_address(report_to):
        raise click.UsageError(f'"{report_to}" is no e-mail address.')
    site = load_site(site_file)
    sms = sms_of(site)
    wish = Wish(
        name=name,
        template=read_template(_words(text, template_file)),
        file=file,
        group=group,
        column=column,
        author=report_to or sms.alarm_address,
        at=at,
        per_minute=per_minute,
        skip_bad=skip_bad,
        send=send,
    )
    plan, broadcast = asyncio.run(_create(site, sms, wish, quiet=as_json))
    if as_json:
        made = None if broadcast is None else asdict(broadcast) | {"state": str(broadcast.state)}
        print_json({"name": name, "plan": asdict(plan), "broadcast": made})
    else:
        print_plan(site, plan, skip_bad=skip_bad)
        click.echo(f"\n{_what_now(site, wish, plan, broadcast)}")
    if plan.bad and not skip_bad:
        raise click.exceptions.Exit(Exit.FAILED)


async def _create(
    site: Site, sms: Sms, wish: Wish, *, quiet: bool
) -> tuple[Plan, Broadcast | None]:
    now = time.time()
    starts = _starts(site, wish, now)
    async with (
        opened_ledger(site, must_exist=True) as ledger,
        offline_requests(site, ledger) as requests,
    ):
        book = BroadcastBook(ledger)
        known = await book.check(wish.name, wish.template.source)
        per_minute = wish.per_minute
        if known is not None:  # it goes on as it was asked for, but for what is said anew
            starts = max(starts, known.starts) if wish.at is None else starts
            per_minute = per_minute or known.per_minute
        found = await _recipients(site, sms, wish, ledger)
        maker = Maker(wish.template, sms, requests.carriage)
        plan = await make_plan(wish.name, found.found, maker, book)
        plan.bad = sorted([*found.bad, *plan.bad], key=lambda it: it.line)
        plan.doubles = found.doubles
        plan.starts = starts
        plan.ends = plan_end(plan, site, per_minute, starts)
        if not wish.send or (plan.bad and not wish.skip_bad) or not (plan.texts or plan.stopped):
            return plan, None
        new = NewBroadcast(wish.name, wish.template.source, wish.author, per_minute)
        console = Console(stderr=True, quiet=quiet)
        with Progress(console=console, transient=True) as progress:
            bar = progress.add_task("into the ledger", total=len(found.found))
            broadcast, _ = await fill(
                new,
                found.found,
                maker,
                book,
                now=now,
                starts=starts,
                put=lambda count: progress.advance(bar, count),
            )
        return plan, broadcast


async def _recipients(site: Site, sms: Sms, wish: Wish, ledger: Ledger) -> Recipients:
    listing = await _listing(wish, ledger)
    check_fields(wish.template, listing.fields)
    country = site.site.country
    fields = wish.template.fields
    return gather(listing, fields, lambda written: read_recipient(written, country, sms))


async def _listing(wish: Wish, ledger: Ledger) -> Listing:
    if wish.file is not None:
        return from_csv(wish.file, wish.column)
    members = await NumberGroups(ledger).members(wish.group or "")
    if not members:
        raise BadBroadcast(f'no group "{wish.group}": see `voxpost sms groups list`.')
    return from_group((it.number, it.fields) for it in members)


def _starts(site: Site, wish: Wish, now: float) -> float:
    if wish.at is None:
        return now
    if wish.at.year > _LAST_YEAR:
        raise BadBroadcast(f"{wish.at:%Y-%m-%d %H:%M} is too far ahead: mistyped?")
    starts = wish.at.replace(tzinfo=ZoneInfo(site.site.timezone)).timestamp()
    if starts < now:
        raise BadBroadcast(
            f"{wish.at:%Y-%m-%d %H:%M} has passed in {site.site.timezone}: leave --at out to begin "
            "now."
        )
    return starts


def _what_now(site: Site, wish: Wish, plan: Plan, broadcast: Broadcast | None) -> str:
    if broadcast is not None:
        return f"{wish.name}: begins {when(site, broadcast.starts)}, if `voxpost run` runs."
    if not wish.send:
        return "Nothing is sent yet: add --send."
    if plan.bad and not wish.skip_bad:
        return "Nothing is sent: mend the bad rows, or add --skip-bad."
    return "Nothing is sent: there is no new number in the list."


def _words(text: str | None, file: Path | None) -> str:
    try:
        return text or "" if file is None else file.read_text("utf-8-sig")
    except UnicodeError:
        raise BadTemplate(f"{file}: is not in UTF-8: save it anew as UTF-8.") from None
