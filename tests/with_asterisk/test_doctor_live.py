"""`voxpost doctor` against a real Asterisk that runs on generated files."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from tests.cli.daemon_process import running
from tests.cli.site_folder import voxpost
from tests.with_asterisk.live_site import LiveSite

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def examine(site: LiveSite) -> tuple[int, dict[str, Any]]:
    done = await asyncio.to_thread(voxpost, "doctor", "--site", site.file, "--json")
    assert "Traceback" not in done.stderr
    return done.returncode, {it["subject"]: it for it in json.loads(done.stdout)}


async def test_all_is_well_where_everything_runs(live: LiveSite) -> None:
    live.write(state="doctor-state")
    async with live.mail_server(), running(live.file):
        code, findings = await examine(live)
    assert {name: it for name, it in findings.items() if it["grade"] != "ok"} == {}
    assert code == 0
    assert findings["Asterisk version"]["what"] == "22"
    assert {"AMI voxpost", "AMI voxpost-apply", "clock", "FastAGI"} <= findings.keys()


async def test_a_wrong_secret_and_a_wrong_version_are_found(live: LiveSite) -> None:
    live.write(state="doctor-state", secret="not-the-secret")
    code, findings = await examine(live)
    assert (code, findings["AMI voxpost"]["grade"]) == (1, "bad")
    assert "Is the secret the same?" in findings["AMI voxpost"]["remedy"]
    live.write(state="doctor-state", version="20")
    _, findings = await examine(live)
    assert findings["Asterisk version"]["grade"] == "odd"
    assert "22; the site file says 20" in findings["Asterisk version"]["what"]
