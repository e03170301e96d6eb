"""The run of endurance/kills.py in short: what is killed loses nothing and mails nothing twice."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from endurance.kills import Plan, run
from lab.packages import PackageTree
from lab.zimbra_like import need_mail_programs


@pytest.mark.timeout(400)
async def test_voicemails_left_while_voxpost_is_killed_arrive_once_each(
    asterisk22_tree: PackageTree,
    short_folder: Path,
    tier: Callable[[str], AbstractContextManager[None]],
) -> None:
    with tier("mail"):
        need_mail_programs()
    folder = short_folder / "kills"
    folder.mkdir()
    short_folder.chmod(0o755)  # Postfix and Dovecot work as other users
    plan = Plan(kills=25, voicemails=40, seed=7, people=10, drain_within=200)
    report = await run(plan, folder, asterisk22_tree)
    sys.stdout.write(report.as_text())
    assert report.is_good, report.as_text()
    assert report.verdict.accepted == 40
    assert report.kills >= 25
