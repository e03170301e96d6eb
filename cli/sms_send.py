"""`voxpost sms send`: one text to one number."""

from __future__ import annotations

import asyncio
import time
import uuid
from dataclasses import asdict
from pathlib import Path
from typing import Any, TextIO

import click

from cli.exits import Exit, says_errors
from cli.opening import opened_ledger
from cli.options import json_option, print_json, site_option
from cli.sms_carriage import offline_requests
from cli.tables import counted
from cli.texts_shown import sms_of, text_as_data
from ledger.outgoing_texts import OutgoingTexts
from ledger.store import Ledger
from ledger.texts import NewText, Origin
from pbx.model import Site
from pbx.numbers import Extension
from pbx.people import Person
from pbx.site import load_site
from sms.policy import Asker, Refusal, over_cap
from sms.refusals import sentence
from sms.requests import Accepted, Request, Requests, day_start

_LONGEST_KEY = 200  # characters


@click.command()
@click.argument("number")
@click.argument("text", required=False)
@click.option(
    "--file", "body_file", type=click.File(encoding="utf-8"), help="Read the text; - is stdin."
)
@click.option(
    "--as", "extension", metavar="EXTENSION", help="The person who sends it; the cap counts."
)
@click.option("--id", "key", help="The same id is never sent twice. A fresh one if left out.")
@click.option("--dry-run", is_flag=True, help="Send nothing: show gateway, parts and cost.")
@site_option
@json_option
@says_errors
def send(
    *,
    number: str,
    text: str | None,
    body_file: TextIO | None,
    extension: str | None,
    key: str | None,
    dry_run: bool,
    site_file: Path,
    as_json: bool,
) -> None:
    """Send a text. It is put into the ledger, and `voxpost run` sends it within 5 s.

    Exits 1 where it is refused, and says why.
    """
    body = _body(text, body_file)
    if key is not None and not 0 < len(key) <= _LONGEST_KEY:
        raise click.BadParameter(f"give 1 to {_LONGEST_KEY} characters.", param_hint="--id")
    site = load_site(site_file)
    sms = sms_of(site)
    person = None if extension is None else site.by_extension.get(Extension(extension))
    refusal = _may_not(extension, person)
    if refusal is not None:
        _refused(refusal, as_json=as_json)
    request = Request(
        source=f"command:{key or uuid.uuid4()}",
        origin=Origin.COMMAND,
        to=number,
        body=body,
        asker=Asker() if person is None else Asker(person.extension, cap=sms.per_person),
        author="" if person is None else person.email or "",
    )
    answer = asyncio.run(_ask(site, request, dry_run=dry_run))
    if isinstance(answer, Refusal):
        _refused(answer, as_json=as_json)
    elif isinstance(answer, NewText):
        _print_dry(answer, as_json=as_json)
    elif as_json:
        print_json({"ok": True, "known": answer.known, "text": text_as_data(answer.text)})
    elif answer.known:
        click.echo(f"{answer.text.id}: known, it is {answer.text.state}; not sent again.")
    else:
        click.echo(f"{answer.text.id} to {answer.text.number}: waits for `voxpost run`.")


def _body(text: str | None, file: TextIO | None) -> str:
    if (text is None) == (file is None):
        raise click.UsageError("Give the text, or a file with --file.")
    if file is None:
        return text or ""
    try:
        return file.read()
    except UnicodeDecodeError:
        raise click.BadParameter("is not in UTF-8.", param_hint="--file") from None


def _may_not(extension: str | None, person: Person | None) -> Refusal | None:
    if extension is not None and person is None:
        return Refusal("not-a-person", extension[:40])
    if person is not None and not person.may_text:
        return Refusal("not-allowed", person.name)
    return None


async def _ask(site: Site, request: Request, *, dry_run: bool) -> Accepted | Refusal | NewText:
    async with (
        opened_ledger(site, must_exist=True) as ledger,
        offline_requests(site, ledger) as requests,
    ):
        if dry_run:
            return await _try(site, ledger, requests, request)
        return await requests.ask(request)


async def _try(
    site: Site, ledger: Ledger, requests: Requests, request: Request
) -> Refusal | NewText:
    """All checks, and nothing written."""
    sms = sms_of(site)
    text = requests.prepare(request, site, sms)
    if isinstance(text, Refusal):
        return text
    asker, texts = request.asker, OutgoingTexts(ledger)
    usage = await texts.usage(day_start(site, time.time()), asker.extension, asker.account)
    if (refusal := over_cap(asker, text.parts, usage, sms)) is not None:
        return refusal
    if await texts.stopped([text.number]):
        return Refusal("stop-list", text.number)
    return text


def _refused(refusal: Refusal, *, as_json: bool) -> None:
    if as_json:
        print_json({"ok": False, "reason": refusal.reason, "words": sentence(refusal)})
    else:
        click.echo(f"Not sent: {sentence(refusal)}", err=True)
    raise click.exceptions.Exit(Exit.FAILED)


def _print_dry(text: NewText, *, as_json: bool) -> None:
    if as_json:
        shown: dict[str, Any] = {**asdict(text), "origin": str(text.origin)}
        print_json({"ok": True, "dry_run": True, "text": shown})
        return
    rows = {
        "to": text.number,
        "by gateway": text.gateway,
        "from": text.own_number or "the gateway's own number",
        "parts": f"{text.parts}, {counted(len(text.body), 'character', 'characters')}",
        "cost": f"{text.price:g}",
    }
    for name, value in rows.items():
        click.echo(f"{name + ':':12} {value}")
    click.echo("Nothing was sent.")
