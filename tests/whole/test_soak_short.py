"""The soak in short: a minute of calls with every kind of cut once, and nothing is lost."""

from __future__ import annotations

from pathlib import Path

import pytest

from endurance.soak import Plan, soak
from endurance.soak_cuts import Kind
from lab.packages import PackageTree


@pytest.mark.timeout(300)
@pytest.mark.usefixtures("mail_server")  # installs what it needs
async def test_a_minute_of_calls_and_cuts_loses_nothing(
    asterisk22_tree: PackageTree, short_folder: Path
) -> None:
    folder = short_folder / "soak"
    folder.mkdir()
    for place in (short_folder, folder):
        place.chmod(0o755)  # Postfix and Dovecot work as other users
    plan = Plan(60, seed=7, callers=5, settle_within=120, idle=False)
    report = await soak(plan, folder, asterisk22_tree)
    assert report.faults == []
    assert {cut.kind for cut in report.cuts} == set(Kind)
    assert len(report.tally.made) > 10
    assert report.findings.delivered > 10
