"""`voxpost sms gateways`: what carries texts, and the addresses that their servers call."""

from __future__ import annotations

import asyncio
from pathlib import Path

import click

from cli.exits import says_errors
from cli.options import json_option, print_json, site_option
from cli.sms_carriage import offline_gateways
from cli.sms_secret import callback_secret, sms_secret
from cli.tables import print_table
from cli.texts_shown import sms_of
from pbx.model import Site
from pbx.site import load_site
from sms.web import callback_url


@click.command()
@click.option("--callbacks", is_flag=True, help="Show the addresses, with the secret in them.")
@site_option
@json_option
@says_errors
def gateways(*, callbacks: bool, site_file: Path, as_json: bool) -> None:
    """List the gateways in the order of the site file. `voxpost status` shows how they are.

    With --callbacks also the addresses that you write into Kannel's get-url and the like.
    """
    site = load_site(site_file)
    sms = sms_of(site)
    addresses = asyncio.run(_addresses(site)) if callbacks else {}
    if as_json:
        shown = [
            {
                "name": it.name,
                "kind": it.kind,
                "number": it.number,
                "prefixes": it.prefixes,
                "price": it.price,
                "per_minute": it.per_minute,
                "per_day": it.per_day,
                "callbacks": addresses.get(it.name, []),
            }
            for it in sms.gateways
        ]
        print_json(shown)
        return
    print_table(
        ("name", "kind", "number", "prefixes", "price", "a minute", "a day"),
        (
            (
                it.name,
                it.kind,
                it.number or "",
                " ".join(it.prefixes),
                f"{it.price:g}",
                f"{it.per_minute:g}",
                str(it.per_day),
            )
            for it in sms.gateways
        ),
    )
    for name, urls in addresses.items():
        for url in urls:
            click.echo(f"{name} calls {url}")


async def _addresses(site: Site) -> dict[str, list[str]]:
    """The addresses that an administrator writes down, by gateway."""
    sms = sms_of(site)
    secret = callback_secret(await asyncio.to_thread(sms_secret, site, must_exist=True))

    def url(name: str, path: str) -> str:
        return callback_url(sms.http_host, sms.http_port, secret, name, path)

    async with offline_gateways(site) as made:
        return {
            name: [f"{url(name, it.path)}?{it.query}" for it in gateway.callbacks() if it.query]
            for name, gateway in made.items()
        }
