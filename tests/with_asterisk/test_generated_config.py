"""The generated files, read by a real Asterisk 16 and 22."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import structlog

from dialplan_templates.mark import with_mark
from dialplan_templates.render import render
from lab.asterisk import PrivateAsterisk
from lab.packages import PackageTree
from lab.ports import AsteriskPorts, PortFinder
from tests.dialplan_templates.generated import GeneratedPbx, generated_pbx, person, site_of

# Files of other parts of Asterisk, which it wants and does well without.
NOT_OURS = (
    "ccss.c: Could not find valid ccss.conf file",
    "config_options.c: Unable to load config file 'cel.conf'",
    "config_options.c: Unable to load config file 'acl.conf'",
    "config_options.c: Unable to load config file 'udptl.conf'",
    "res_sorcery_config.c: Unable to load config file 'pjproject.conf'",
    "indications.c: Can't find indications config file indications.conf.",
    # Debian 16 on another machine's loader.
    "loader.c: Some non-required modules failed to load.",
)
NASTY_NAME = 'Sari; "X" <a> => b, S.Kep & ${SHELL(id)} ] é'
NASTY_PASSWORD = "pw;--x;=>]&PJSIP/a,${SHELL(id)}\\"


@pytest.fixture(params=["asterisk22_tree", "asterisk16_tree"])
def any_tree(request: pytest.FixtureRequest) -> PackageTree:
    tree = request.getfixturevalue(request.param)
    assert isinstance(tree, PackageTree)
    return tree


@pytest.fixture
async def pbx(
    any_tree: PackageTree, tmp_path_factory: pytest.TempPathFactory, port_finder: PortFinder
) -> AsyncIterator[GeneratedPbx]:
    people = [
        person(1001, name=NASTY_NAME, phone={"password": NASTY_PASSWORD}),
        person(1002, phone={"password": "browser-pw", "transport": "websocket"}),
        person(1003, phone=None, timezone="Asia/Makassar"),
        person(1004, voicemail=False),
        person(1005, voicemail={}),
        person(22),
    ]
    office = {"open_destination": "1001", "closed_destination": "1003"}
    run_dir = tmp_path_factory.mktemp("g")
    ports = AsteriskPorts.pick(port_finder, rtp=20)
    async with generated_pbx(any_tree, run_dir, ports, people, office=office) as pbx:
        yield pbx


async def test_they_load_without_a_warning_or_error(pbx: GeneratedPbx) -> None:
    assert [line for line in pbx.said_at_start if not line.startswith(NOT_OURS)] == []
    missing = [
        module
        for module in ("res_pjsip", "app_voicemail", "res_agi", "app_queue", "app_confbridge")
        if "1 modules loaded" not in await pbx.rx(f"module show like {module}.so")
    ]
    assert missing == []


async def test_hostile_values_come_back_as_they_were_written(pbx: GeneratedPbx) -> None:
    auth = await pbx.rx("pjsip show auth phone-1001")
    assert f"{NASTY_PASSWORD}\n" in auth
    endpoint = await pbx.rx("pjsip show endpoint phone-1001")
    assert "\"Sari; 'X' 'a' =' b, S.Kep & ${SHELL(id)} ] é\" <1001>" in endpoint.replace("\t", " ")
    users = await pbx.rx("voicemail show users")
    assert 'Sari; "X" <a> => b S.Kep &' in users
    assert "default    1005" in users
    assert "default    1004" not in users


async def test_a_pattern_is_a_hint_for_everybody(pbx: GeneratedPbx) -> None:
    hints = await pbx.rx("core show hints")
    assert "_XXXX@voxpost-people" in hints
    assert "_XX@voxpost-people" in hints


async def test_the_applying_account_sees_what_is_live(pbx: GeneratedPbx) -> None:
    async with pbx.reloader() as reloader:
        assert await reloader.voicemail_users() == {
            f"{number}@default" for number in (1001, 1002, 1003, 1005, 22)
        }
        assert await reloader.endpoints() == {
            f"phone-{number}" for number in (1001, 1002, 1004, 1005, 22)
        }
        assert "h" in await reloader.dialplan("voxpost-person")


async def test_ten_thousand_people_are_reloaded(
    asterisk22_tree: PackageTree, short_folder: Path, port_finder: PortFinder
) -> None:
    ports = AsteriskPorts.pick(port_finder, rtp=20)
    async with generated_pbx(asterisk22_tree, short_folder / "many", ports, []) as pbx:
        site = pbx.site([person(20000 + i) for i in range(10_000)])
        began = time.perf_counter()
        applied = await pbx.apply(site)
        seconds = time.perf_counter() - began
        structlog.get_logger().info("ten thousand people are live", seconds=round(seconds, 2))
        assert {"pjsip.conf", "voicemail.conf", "extensions.conf"} == set(applied.changed)
        assert "1 extension (3 priorities)" in await pbx.rx("dialplan show voxpost-people")


async def test_a_private_instance_runs_on_its_generated_asterisk_conf(
    any_tree: PackageTree, short_folder: Path, port_finder: PortFinder, tmp_path: Path
) -> None:
    run_dir = short_folder / f"own{any_tree.suite}"
    ports = AsteriskPorts.pick(port_finder, rtp=20)
    site = site_of([person(1001)], run_dir=run_dir, ports=ports, asterisk={"private": True})
    root = any_tree.root
    directories = {
        "astmoddir": next(root.glob("usr/lib/**/asterisk/modules")),
        "astdatadir": root / "usr/share/asterisk",
        "astvarlibdir": run_dir / "lib",
        "astdbdir": run_dir / "lib",
        "astkeydir": run_dir / "keys",
        "astrundir": run_dir / "run",
    }
    rendered = render(
        site, site_file=tmp_path / "s", command=tmp_path / "c", directories=directories
    )
    (run_dir / "etc").mkdir(parents=True)
    for name, text in rendered.items():
        (run_dir / "etc" / name).write_text(with_mark(text))
    async with PrivateAsterisk(any_tree, run_dir, ports) as private:
        assert f"{run_dir}/spool" in await private.rx("core show settings")
        assert "phone-1001" in await private.rx("pjsip show endpoints")
