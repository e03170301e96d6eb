"""What a broadcast would be, for people to look at before it is sent."""

from __future__ import annotations

import click

from cli.plain import plain
from cli.sms_broadcast_words import when
from cli.tables import counted, print_table, span
from pbx.model import Site
from sms.broadcast.plan import Plan
from sms.broadcast.report import in_money

_SHOWN = 20  # bad rows


def print_plan(site: Site, plan: Plan, *, skip_bad: bool) -> None:
    """Print what a broadcast would be."""
    rows = {
        "texts": counted(plan.texts, "number gets one", "numbers get one"),
        "left out": f"{plan.stopped} on the stop list, {plan.known} that have it already, "
        f"{counted(plan.doubles, 'double', 'doubles')}, "
        f"{counted(len(plan.bad), 'bad row', 'bad rows')}",
        "parts": f"{plan.parts}, {plan.fewest_parts} to {plan.most_parts} for each number",
        "cost": in_money(plan.cost),
        "begins": when(site, plan.starts),
        "done": _end(site, plan),
    }
    for label, value in rows.items():
        click.echo(f"{label + ':':10} {value}")
    if plan.gateways:
        click.echo()
        print_table(
            ("gateway", "texts", "parts", "cost"),
            (
                (name, str(share.texts), str(share.parts), in_money(share.cost))
                for name, share in sorted(plan.gateways.items())
            ),
        )
    for example in plan.examples:
        parts = counted(example.parts, "part", "parts")
        click.echo(f"\n{example.number}, {parts}, by {example.gateway}:")
        click.echo("\n".join(f"  {plain(line)}" for line in example.body.splitlines()))
    _print_bad(plan, skipped=skip_bad)


def _print_bad(plan: Plan, *, skipped: bool) -> None:
    if not plan.bad:
        return
    click.echo(f"\nBad rows{', left out' if skipped else ''}:")
    print_table(
        ("line", "number", "why"),
        ((str(it.line), it.number, it.why) for it in plan.bad[:_SHOWN]),
    )
    if len(plan.bad) > _SHOWN:
        click.echo(f"and {len(plan.bad) - _SHOWN} more; --json has them all.")


def _end(site: Site, plan: Plan) -> str:
    if not plan.texts:
        return "-"
    if plan.ends is None:
        return "never: look at sms.broadcast_per_day and the gateways' per_day"
    return f"{when(site, plan.ends)}, after {span(plan.ends - plan.starts)}"
