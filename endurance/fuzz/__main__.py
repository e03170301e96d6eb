"""`python -m endurance.fuzz`: fuzz one target, or all of them, guided by coverage."""

from __future__ import annotations

import asyncio
import importlib.util
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import click

from endurance.fuzz.campaign import Outcome, Places, fuzz
from endurance.fuzz.registry import ALL
from endurance.fuzz.target import Target
from lab.places import lab_home

_CORPUS = Path("tests/endurance/corpus")


@click.command()
@click.argument("names", metavar="[TARGET]...", nargs=-1, type=click.Choice(list(ALL)))
@click.option("--all", "every", is_flag=True, help="Fuzz every target.")
@click.option("--seconds", default=600, show_default=True, help="Time for each target.")
@click.option("--jobs", default=1, show_default=True, help="Targets at once.")
@click.option(
    "--corpus",
    "kept",
    type=click.Path(file_okay=False, path_type=Path),
    default=_CORPUS,
    show_default=True,
    help="The folder of the inputs that are kept.",
)
def main(names: Sequence[str], every: bool, seconds: int, jobs: int, kept: Path) -> None:
    """Fuzz targets. Exits 1 when something was found, 2 when atheris is missing."""
    if importlib.util.find_spec("atheris") is None:
        click.echo("atheris is missing: pip install 'voxpost[fuzz]', on Linux or macOS", err=True)
        sys.exit(2)
    chosen = list(ALL.values()) if every else [ALL[name] for name in names]
    if not chosen:
        raise click.UsageError(f"Name targets, or --all: {', '.join(ALL)}")
    places = Places(kept.resolve(), lab_home(os.environ, Path.cwd()) / "fuzz")
    click.echo(f"{len(chosen)} targets, {seconds} s each; logs and findings in {places.scratch}")
    outcomes = asyncio.run(_fuzz_all(chosen, seconds, jobs, places))
    found = sum(len(outcome.findings) for outcome in outcomes)
    executions = sum(outcome.executions for outcome in outcomes)
    click.echo(f"{len(outcomes)} targets, {executions:,} executions, {found} findings")
    sys.exit(not all(outcome.clean for outcome in outcomes))


async def _fuzz_all(
    targets: Sequence[Target], seconds: int, jobs: int, places: Places
) -> list[Outcome]:
    free = asyncio.Semaphore(jobs)

    async def one(target: Target) -> Outcome:
        async with free:
            outcome = await fuzz(target, seconds, places)
        click.echo(str(outcome))
        return outcome

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(one(target)) for target in targets]
    return [task.result() for task in tasks]


if __name__ == "__main__":
    main()
