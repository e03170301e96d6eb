"""Two voxposts on one ledger by mistake: the second says so and stops."""

from __future__ import annotations

import asyncio
from pathlib import Path

from lab.ports import PortFinder
from tests.cli.daemon_process import running
from tests.cli.site_folder import SiteFolder, voxpost


def with_ledger(site: SiteFolder, file: Path) -> None:
    url = f'ledger_url = "sqlite:///{file}"'
    site.file.write_text(site.file.read_text().replace("[service]", f"[service]\n{url}"))


async def test_with_a_state_dir_of_its_own_the_second_still_finds_the_ledger_taken(
    tmp_path: Path, ports: PortFinder
) -> None:
    """Each would look for the other's recordings in its own spool, and mail without sound."""
    one, two = SiteFolder(tmp_path / "one", ports), SiteFolder(tmp_path / "two", ports)
    for site in (one, two):
        with_ledger(site, tmp_path / "shared.sqlite")
    async with running(one.file):
        second = await asyncio.to_thread(voxpost, "run", "--site", two.file)
        assert second.returncode == 5
        assert "another voxpost (process " in second.stderr
        assert "Traceback" not in second.stderr
    async with running(two.file) as daemon:  # the first has ended
        assert daemon.log


async def test_the_second_finds_the_ledger_taken_that_is_in_the_firsts_own_state_dir(
    tmp_path: Path, ports: PortFinder
) -> None:
    one, two = SiteFolder(tmp_path / "one", ports), SiteFolder(tmp_path / "two", ports)
    with_ledger(two, one.state / "ledger.sqlite")
    async with running(one.file):
        second = await asyncio.to_thread(voxpost, "run", "--site", two.file)
        assert second.returncode == 5
        assert "another voxpost (process " in second.stderr
